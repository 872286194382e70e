// Live Langevin: one step for all particles, as `langevin.py` takes it, and the loop that a page runs.

const RUNAWAY = 1e3; // |x| from which on a run has exploded, in half-sides of the window

/** Uniform and normal numbers from a seed: the generator sfc32 (Doty-Humphrey), and Box and Muller's way. */
export class Random {
  constructor(seed) {
    this.state = Uint32Array.of(0x9e3779b9, 0x243f6a88, seed, 1);
    for (let i = 0; i < 16; i++) this.bits();
  }

  bits() {
    const state = this.state;
    const sum = (state[0] + state[1] + state[3]) >>> 0;
    state[3] += 1;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = state[2] + (state[2] << 3);
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
    return sum;
  }

  /** In (0, 1]: its logarithm is finite. */
  uniform() {
    return (this.bits() + 1) / 2 ** 32;
  }

  /** Fill an array of even length with draws from N(0, 1). */
  normals(into) {
    for (let i = 0; i < into.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      into[i] = radius * Math.cos(angle);
      into[i + 1] = radius * Math.sin(angle);
    }
    return into;
  }
}

/**
 * x ← x + τ ∇ log p(x) + c √(2τ) ε in place: ULA for c = 1, gradient ascent for c = 0.
 *
 * All arrays hold x and y of each particle in turn; `drift` and `noise` are filled with what the step did.
 */
export function langevinStep(target, stepSize, strength, normals, places, drift, noise) {
  const kick = strength * Math.sqrt(2 * stepSize);
  target.scoreInto(places, drift);
  for (let i = 0; i < places.length; i++) {
    drift[i] *= stepSize;
    noise[i] = kick * normals[i];
    places[i] = places[i] + drift[i] + noise[i];
  }
}

/** A run that goes on for as long as one looks at it. */
export class LiveRun {
  constructor(particles, width, seed) {
    this.random = new Random(seed);
    this.particles = particles;
    this.places = this.random.normals(new Float64Array(2 * particles)).map((value) => width * value);
    this.before = this.places.slice();
    this.drift = new Float64Array(2 * particles);
    this.noise = new Float64Array(2 * particles);
    this.normals = new Float64Array(2 * particles);
    this.taken = 0;
  }

  /** Take a step; false, and everything as it was, if a particle would leave the picture for good. */
  advance(target, stepSize, strength, halfSide) {
    const { places, before } = this;
    before.set(places);
    this.random.normals(this.normals);
    langevinStep(target, stepSize, strength, this.normals, places, this.drift, this.noise);
    if (!places.every((value) => Math.abs(value) <= RUNAWAY * halfSide)) {
      places.set(before);
      return false;
    }
    this.taken++;
    return true;
  }

  /** What the last step did to a particle, see `Run.step`. */
  step(i) {
    const pair = (array) => [array[2 * i], array[2 * i + 1]];
    const to = pair(this.places);
    if (this.taken === 0) return { kind: "start", to };
    return { kind: "single", from: pair(this.before), drift: pair(this.drift), noise: pair(this.noise), to, accepted: true };
  }
}
