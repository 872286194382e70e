// A recorded run: where its particles are at any moment, and what a step did to one of them.
import { unpack, unpackDoubles } from "./packing.js";
import { GridScore, Mixture } from "./mixture.js";

const plus = (a, b) => [a[0] + b[0], a[1] + b[1]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1]];

export class Run {
  /** Of the JSON of an `explorer.Run`. */
  static async of(about) {
    const run = new Run();
    const { score } = about;
    const [positions, drift, noise, accepted, density, field] = await Promise.all(
      [about.positions, about.drift, about.noise, about.accepted, about.density?.values, about.field?.values].map(unpack),
    );
    Object.assign(run, about, { positions, drift, noise, accepted });
    run.density = density && { ...about.density, values: density };
    run.field = field && { ...about.field, values: field };
    run.target = null;
    if (score?.mixture) run.target = new Mixture(await unpackDoubles(score.mixture));
    else if (score) run.target = new GridScore(await unpack(score.values), score.window);
    [run.records, run.particles] = positions.shape;
    run.place_in_detail = new Map(about.detailed.map((particle, place) => [particle, place]));
    return run;
  }

  place(k, i) {
    const index = 2 * (k * this.particles + i);
    return [this.positions.at(index), this.positions.at(index + 1)];
  }

  /** The positions at a moment, between two records on the straight line, into `places` (2n). */
  placesInto(moment, places) {
    const { codes, low, quantum } = this.positions;
    const k = Math.min(Math.floor(moment), this.records - 1);
    const share = moment - k;
    const row = 2 * this.particles;
    const here = k * row;
    const next = share > 0 ? here + row : here;
    for (let i = 0; i < row; i++) {
      const code = codes[here + i];
      places[i] = low + quantum * (code + share * (codes[next + i] - code));
    }
  }

  /** Algorithmic time since the start; that of a diffusion model runs backwards. */
  elapsed(k) {
    return Math.abs(this.times[k] - this.times[0]);
  }

  /** The moment when so much time has gone by: a record, and the share of the way to the next one. */
  moment(elapsed) {
    let k = 0;
    while (k < this.records - 2 && this.elapsed(k + 1) <= elapsed) k++;
    if (this.records === 1) return 0;
    const share = (elapsed - this.elapsed(k)) / (this.elapsed(k + 1) - this.elapsed(k));
    return k + Math.min(Math.max(share, 0), 1);
  }

  /** Whether record k is a single step after the one before. */
  single(k) {
    return k > 0 && this.steps[k] - this.steps[k - 1] === 1;
  }

  /**
   * What led to record k of a particle.
   *
   * `kind` is "start"; "single", a step `from` → `to` with its `drift` and `noise`, null where the file does not
   * keep them, and `accepted`; or "jump", `count` steps at once. A refused step's from + drift + noise is the
   * proposal that it refused.
   */
  step(k, i) {
    const to = this.place(k, i);
    if (k === 0) return { kind: "start", to };
    const before = this.place(k - 1, i);
    const detail = this.place_in_detail.get(i);
    if (detail !== undefined) return this.detailedStep(k, detail, before, to);
    if (!this.single(k)) return { kind: "jump", count: this.steps[k] - this.steps[k - 1], from: before, to };
    if (!this.target) return { kind: "single", from: before, drift: null, noise: null, to, accepted: true };
    const drift = this.driftFrom(before);
    // A proposal that was accepted less than half a quantum away would pass for a refused one: once in 10⁵ steps.
    const stays = this.sampler === "mala" && before[0] === to[0] && before[1] === to[1];
    const noise = this.sampler === "ascent" ? [0, 0] : minus(minus(to, before), drift);
    return { kind: "single", from: before, drift, noise: stays ? null : noise, to, accepted: !stays };
  }

  detailedStep(k, detail, before, to) {
    const index = 2 * (k * this.detailed.length + detail);
    const pair = (packed) => [packed.at(index), packed.at(index + 1)];
    const accepted = !this.accepted || this.accepted.codes[index / 2] === 1;
    const noise = pair(this.noise);
    const drift = this.drift ? pair(this.drift) : this.driftFrom(before);
    let from = before;
    if (!this.single(k)) from = accepted ? minus(minus(to, drift), noise) : to;
    return { kind: "single", from, drift, noise, to, accepted };
  }

  /** τ ∇ log p at a place. */
  driftFrom(place) {
    const score = [0, 0];
    this.target.scoreInto(place, score);
    return score.map((value) => value * this.step_size);
  }
}

/** Where a step would have led: its proposal, accepted or not; null where that is not known. */
export function proposalOf(step) {
  return step.drift && step.noise ? plus(plus(step.from, step.drift), step.noise) : null;
}
