// Live Langevin in the page: on a target of the list or on one that is drawn, with the noise as strong as one likes.
import { CALM_PACE, button, checkbox, count, h, iconButton, menu, say, setIcon, slider } from "./controls.js";
import { Density } from "./density.js";
import { LiveRun } from "./langevin.js";
import { Mixture, alongStroke } from "./mixture.js";
import { View, arrowsOf } from "./view.js";

const DRAWN = "your own";
const MOST = 600; // blobs of a drawing: more would take longer than a frame
const START_WIDTH = 1.2; // standard deviation of the starting points
const LIVE_TRAIL = 2; // steps
const UNREAD = 6; // frames for which figures stand still while it plays: nobody reads faster
const PATH = 300; // steps of the picked particle that are kept
const LIVE_SPEEDS = [["0.1", "6 steps a second"], ["1", "60 steps a second"], ["4", "240 steps a second"]];
const SMILE = [[[-1.4, -0.3], [-1, -1], [-0.4, -1.4], [0.4, -1.4], [1, -1], [1.4, -0.3]], [[-0.8, 1]], [[0.8, 1]]];

export class Live {
  /** `targets` are [name, target], of which the first is shown first. */
  constructor(targets, halfSide, announce, changed) {
    Object.assign(this, { halfSide, announce, changed, picked: 0, playing: false, pace: 1, owed: 0, seed: 1 });
    Object.assign(this, { stepSize: 0.001, strength: 1, particles: 1000, brush: 0.15, strokes: [...SMILE] });
    this.shown = { density: true, field: false, trails: true, path: true };
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.targets = new Map(targets);
    this.view = new View("Stage", halfSide, (place, kind) => this.point(place, kind));
    this.view.changed = changed;
    this.views = [this.view];
    this.stages = [this.view.stage];
    this.transport = this.makeTransport();
    this.panel = [this.makeControls(targets), this.view.readout, this.makeShow()];
    this.choose(targets[0][0]);
    this.restart();
  }

  makeTransport() {
    this.play = iconButton("play", "Play", () => this.toggle());
    this.clock = h("p", { className: "clock" }, h("strong"), " steps");
    return h(
      "div", { className: "transport live" },
      iconButton("start", "Start anew", () => this.restart()),
      this.play,
      iconButton("forward", "One step", () => this.advance()),
      this.clock,
      menu("Speed", LIVE_SPEEDS, (value) => (this.pace = Number(value)), "1"),
    );
  }

  makeControls(targets) {
    const power = { min: -4, max: -1, step: 0.05, value: Math.log10(this.stepSize) };
    const tau = slider("Step size τ", power, (value) => `${Number((10 ** value).toPrecision(2))}`, (value) => {
      this.stepSize = 10 ** value;
      this.warn();
    });
    const asText = (value) => (value === 0 ? "off" : `${value.toFixed(2)} × √(2τ) ε`);
    this.noise = slider("Noise", { min: 0, max: 1.5, step: 0.05, value: 1 }, asText, (value) => this.setStrength(value));
    this.switch = button("Noise off", () => this.setStrength(this.strength ? 0 : 1));
    this.advice = h("p", { className: "advice" });
    const names = [...targets.map(([name]) => [name, name]), [DRAWN, "draw your own"]];
    const brush = slider("Brush", { min: 0.06, max: 0.4, step: 0.01, value: this.brush }, (value) => `width ${value.toFixed(2)}`, (value) => (this.brush = value));
    this.drawing = h(
      "div", { className: "drawing" },
      h("p", {}, "Draw on the stage; or focus it, move the cross with arrow keys and press Enter for a blob."),
      brush.element,
      h("div", { className: "buttons" }, button("Undo", () => this.undo()), button("Clear", () => this.clear())),
    );
    return h(
      "section", {}, h("h2", {}, "Density"),
      menu("Target", names, (name) => this.choose(name)), this.drawing,
      h("h2", {}, "Sampler"), tau.element, this.noise.element,
      h("div", { className: "buttons" }, this.switch, button("Start anew", () => this.restart())),
      menu("Particles", [500, 1000, 2000, 5000].map((n) => [n, count(n)]), (n) => {
        this.particles = Number(n);
        this.restart();
      }, 1000),
      this.advice,
    );
  }

  makeShow() {
    const show = (name, text) => checkbox(text, this.shown[name], (on) => {
      this.shown[name] = on;
      if (name === "density" || name === "field") this.recolour(this.palette);
      this.changed();
    });
    return h("section", {}, h("h2", {}, "Show"), h("div", { className: "checks" },
      show("density", "density"), show("field", "score field"), show("trails", "trails"), show("path", "path")));
  }

  setStrength(value) {
    this.strength = value;
    this.noise.set(value);
    this.switch.textContent = value ? "Noise off" : "Noise on";
    this.warn();
  }

  /** What the sliders' values mean, where they mean trouble. */
  warn() {
    const limit = this.target?.smoothness ? 2 / this.target.smoothness : Infinity;
    let text = "";
    if (this.strength === 0) text = "Without noise, particles climb to the nearest ridge or peak, and stay.";
    else if (this.strength !== 1) text = `Noise of another strength samples another density, p to the power ${Number((this.strength ** -2).toPrecision(2))}.`;
    if (this.stepSize > limit) text = `Steps beyond τ = ${limit.toPrecision(2)} overshoot the narrowest parts.`;
    this.advice.textContent = text;
  }

  choose(name) {
    this.drawn = name === DRAWN;
    this.drawing.hidden = !this.drawn;
    this.view.square.classList.toggle("drawable", this.drawn);
    this.view.title.textContent = this.drawn ? "a density that you draw" : name;
    if (this.drawn) this.retarget();
    else this.aim(this.targets.get(name));
  }

  /** Make the strokes the target: blobs of the brush's width, as far apart as it is wide. */
  retarget() {
    const points = this.strokes.flatMap((stroke) => alongStroke(stroke, this.brush));
    if (points.length > MOST) {
      this.strokes.pop();
      this.announce(`A drawing has room for ${MOST} blobs: undo a stroke, or take a broader brush.`);
      return this.retarget();
    }
    return this.aim(points.length ? { target: Mixture.isotropic(points, this.brush), density: null } : null);
  }

  aim(known) {
    this.target = known?.target ?? null;
    this.density = this.target && (known.density ?? Density.ofMixture(this.target, this.halfSide));
    if (this.palette) this.recolour(this.palette);
    this.warn();
    this.changed();
  }

  undo() {
    this.strokes.pop();
    this.retarget();
  }

  clear() {
    this.strokes = [];
    this.retarget();
  }

  point(place, kind) {
    if (!this.drawn) {
      if (kind === "down") this.pick(this.view.nearest(this.run.places, place));
      return;
    }
    if (kind === "up") return;
    if (kind === "down") this.strokes.push([]);
    this.strokes.at(-1).push(place);
    this.retarget();
  }

  pick(particle) {
    if (particle < 0 || particle >= this.particles) return;
    this.picked = particle;
    this.walked = [];
    this.spoken = false;
    this.changed();
  }

  restart() {
    this.run = new LiveRun(this.particles, START_WIDTH, this.seed++);
    const fromCentre = Array.from({ length: this.particles }, (_, i) => Math.hypot(this.run.places[2 * i], this.run.places[2 * i + 1]));
    this.picked = fromCentre.indexOf(Math.min(...fromCentre));
    this.walked = [];
    this.trail = [];
    this.spoken = false;
    this.changed();
  }

  toggle() {
    this.playing = !this.playing;
    this.spoken = false;
    this.changed();
  }

  advance() {
    const { run } = this;
    if (!this.target) {
      this.playing = false;
      this.announce("There is no density yet: draw one.");
      return;
    }
    this.trail = [run.places.slice(), ...this.trail].slice(0, LIVE_TRAIL);
    const from = [run.places[2 * this.picked], run.places[2 * this.picked + 1]];
    const moved = run.advance(this.target, this.stepSize, this.strength, this.halfSide);
    this.walked.push([from, [run.places[2 * this.picked], run.places[2 * this.picked + 1]], true]);
    if (this.walked.length > PATH) this.walked.shift();
    if (!moved) {
      this.playing = false;
      this.announce(`The particles left the target at step ${run.taken + 1}: choose a smaller step size, and start anew.`);
    }
    this.spoken = false;
    this.changed();
  }

  pass(milliseconds) {
    const each = this.calm.matches ? CALM_PACE / 60 : this.pace;
    this.owed += each * Math.min(milliseconds / (1000 / 60), 1); // a slow machine takes fewer steps, not longer frames
    for (; this.owed >= 1 && this.playing; this.owed--) this.advance();
  }

  key(event) {
    const acts = {
      " ": () => this.toggle(),
      ArrowRight: () => this.advance(),
      Home: () => this.restart(),
      PageUp: () => this.pick(this.picked - 1),
      PageDown: () => this.pick(this.picked + 1),
    };
    acts[event.key]?.();
    return event.key in acts;
  }

  recolour(palette) {
    this.palette = palette;
    const density = this.shown.density ? this.density : null;
    this.view.scenery(density, this.shown.field && this.target ? arrowsOf(this.target, this.halfSide) : null, palette);
  }

  draw() {
    const { run, view, picked } = this;
    const radius = 0.0031 * Math.min((1000 / run.particles) ** 0.25, 1.2);
    view.drawDots(run.places, this.shown.trails ? this.trail : [], radius);
    const step = run.step(picked);
    const reach = 1.25 * Math.max(3 * Math.sqrt(2 * this.stepSize) * this.strength, 8 * this.stepSize, 0.004);
    view.picked = picked;
    view.drawMarks(run.places, this.shown.path ? this.walked : [], step, 1, reach);
    setIcon(this.play, this.playing ? "pause" : "play", this.playing ? "Pause" : "Play");
    if (this.playing && run.taken % Math.ceil(UNREAD * this.pace) > 0) return;
    say(this.clock.firstChild, count(run.taken));
    const said = view.tell(`Particle ${picked + 1}`, step, `step ${count(run.taken)}`);
    if (this.playing || this.spoken) return;
    this.spoken = true;
    this.announce(said);
  }
}
