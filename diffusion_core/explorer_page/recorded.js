// The recorded run, or two from one start: scrub, play, pick.
import { CALM_PACE, checkbox, count, h, iconButton, menu, number, say, setIcon } from "./controls.js";
import { Density } from "./density.js";
import { View, arrowsOf } from "./view.js";

const PACE = 12; // records a second at speed 1
const TRAIL = 3; // steps that a trail reaches back …
const CROWD = 2000; // … one less for more particles than these
const SPEEDS = [["0.25", "¼×"], ["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];

export class Recorded {
  constructor(runs, halfSide, announce, changed) {
    Object.assign(this, { runs, announce, changed, moment: 0, picked: 0, speed: 1, playing: false });
    this.shown = { density: true, field: false, trails: true, path: true };
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.views = runs.map((run) => new View(runs.length > 1 ? `${run.name}: ${run.about}` : run.about, halfSide, (place, kind) => this.point(run, place, kind)));
    for (const view of this.views) view.changed = changed;
    this.radius = 0.0031 * Math.min(Math.max((1000 / runs[0].particles) ** 0.25, 0.6), 2.5);
    this.reaches = runs.map(reachOf);
    this.stages = this.views.map((view) => view.stage);
    this.transport = this.makeTransport();
    this.panel = this.makePanel();
    this.pick(0);
  }

  makeTransport() {
    const last = this.runs[0].records - 1;
    this.play = iconButton("play", "Play", () => this.toggle());
    this.scrubber = h("input", { type: "range", min: 0, max: last, step: 1, ariaLabel: "Step", oninput: () => this.go(Number(this.scrubber.value)) });
    this.scrubber.value = 0;
    this.clock = h("p", { className: "clock" }, h("strong"), ` of ${count(this.runs[0].steps.at(-1))} steps`);
    return h(
      "div", { className: "transport" },
      iconButton("start", "Back to the start", () => this.go(0)),
      iconButton("back", "One step back", () => this.go(Math.ceil(this.moment) - 1)),
      this.play,
      iconButton("forward", "One step on", () => this.go(Math.floor(this.moment) + 1)),
      this.scrubber,
      this.clock,
      menu("Speed", SPEEDS, (value) => (this.speed = Number(value)), "1"),
    );
  }

  makePanel() {
    const [run] = this.runs;
    this.chooser = h("input", { type: "number", min: 1, max: run.particles, step: 1, onchange: () => this.pick(Number(this.chooser.value) - 1) });
    const show = (name, text) => checkbox(text, this.shown[name], (on) => {
      this.shown[name] = on;
      if (name === "density" || name === "field") this.recolour(this.palette);
      this.changed();
    });
    const field = this.runs.some((one) => one.target || one.field);
    const particle = h("label", { className: "menu" }, h("span", {}, `Particle (1 to ${count(run.particles)})`), this.chooser);
    return [
      ...this.views.map((view) => view.readout),
      h("section", {}, h("h2", {}, "Show"), h("div", { className: "checks" },
        show("density", "density"), field ? show("field", "score field") : null, show("trails", "trails"), show("path", "path")), particle),
      ...this.runs.map(aboutOf),
    ];
  }

  /** Go to a moment, 0 to the last record; between two records while it plays. */
  go(moment) {
    this.moment = Math.min(Math.max(moment, 0), this.runs[0].records - 1);
    if (!this.playing) this.spoken = false;
    this.changed();
  }

  toggle() {
    const last = this.runs[0].records - 1;
    this.playing = !this.playing;
    if (this.playing && this.moment >= last) this.moment = 0;
    if (!this.playing) this.go(Math.round(this.moment));
    this.changed();
  }

  /** Let so many milliseconds pass. */
  pass(milliseconds) {
    const seconds = Math.min(milliseconds, 100) / 1000;
    const pace = this.calm.matches ? Math.min(CALM_PACE, PACE * this.speed) : PACE * this.speed;
    this.moment += pace * seconds;
    if (this.moment < this.runs[0].records - 1) return;
    this.playing = false;
    this.go(this.runs[0].records - 1);
  }

  point(run, place, kind) {
    if (kind !== "down") return;
    const places = new Float64Array(2 * run.particles);
    run.placesInto(this.momentOf(run), places);
    const found = this.views[this.runs.indexOf(run)].nearest(places, place);
    if (found >= 0) this.pick(found);
  }

  pick(particle) {
    const { particles } = this.runs[0];
    this.picked = Number.isFinite(particle) ? Math.min(Math.max(Math.round(particle), 0), particles - 1) : this.picked;
    this.chooser.value = this.picked + 1;
    this.spoken = false;
    this.changed();
  }

  /** Keys that hold wherever the focus is not in a control that takes them itself. */
  key(event) {
    const far = event.shiftKey ? 10 : 1;
    const moment = this.playing ? Math.floor(this.moment) : this.moment;
    const acts = {
      " ": () => this.toggle(),
      ArrowLeft: () => this.go(moment - far),
      ArrowRight: () => this.go(moment + far),
      Home: () => this.go(0),
      End: () => this.go(Infinity),
      PageUp: () => this.pick(this.picked - 1),
      PageDown: () => this.pick(this.picked + 1),
    };
    acts[event.key]?.();
    return event.key in acts;
  }

  /** Runs have one clock, the algorithmic time of the first. */
  momentOf(run) {
    const [first] = this.runs;
    const moment = this.calm.matches ? Math.floor(this.moment) : this.moment;
    if (run === first) return moment;
    const k = Math.min(Math.floor(moment), first.records - 1);
    const next = Math.min(k + 1, first.records - 1);
    const found = run.moment(first.elapsed(k) + (moment - k) * (first.elapsed(next) - first.elapsed(k)));
    return this.playing && !this.calm.matches ? found : Math.round(found);
  }

  /** Whether another density or field than the drawn ones holds now. */
  outdated(run) {
    const k = Math.floor(this.momentOf(run));
    return momentIn(run.density, k) !== run.drawn[0] || momentIn(run.field, k) !== run.drawn[1];
  }

  recolour(palette) {
    this.palette = palette;
    this.views.forEach((view, i) => {
      const run = this.runs[i];
      const k = Math.floor(this.momentOf(run));
      run.drawn = [momentIn(run.density, k), momentIn(run.field, k)];
      const density = this.shown.density && run.density ? Density.stored(run.density, run.drawn[0]) : null;
      view.scenery(density, this.shown.field ? arrowsAt(run, run.drawn[1], view.halfSide) : null, palette);
    });
  }

  draw() {
    if (this.runs.some((run) => this.outdated(run))) this.recolour(this.palette);
    this.views.forEach((view, i) => {
      const run = this.runs[i];
      const moment = this.momentOf(run);
      const end = Math.ceil(moment);
      const places = new Float64Array(2 * run.particles);
      run.placesInto(moment, places);
      view.drawDots(places, this.shown.trails ? trailsOf(run, moment) : [], this.radius);
      const step = run.step(end, this.picked);
      const here = [places[2 * this.picked], places[2 * this.picked + 1]];
      const walked = this.shown.path ? walkedBy(run, this.picked, moment, here) : [];
      view.picked = this.picked;
      view.drawMarks(places, walked, step, moment === end ? 1 : moment - end + 1, this.reaches[i]);
    });
    const [run] = this.runs;
    const k = Math.min(Math.floor(this.moment), run.records - 1);
    const clock = `step ${count(run.steps[k])} of ${count(run.steps.at(-1))}`;
    this.scrubber.value = k;
    if (this.scrubber.ariaValueText !== clock) this.scrubber.ariaValueText = clock;
    say(this.clock.firstChild, count(run.steps[k]));
    setIcon(this.play, this.playing ? "pause" : "play", this.playing ? "Pause" : "Play");
    const said = this.views.map((view, i) => {
      const end = Math.ceil(this.momentOf(this.runs[i]));
      const name = this.runs.length > 1 ? `Particle ${this.picked + 1}, ${this.runs[i].name}` : `Particle ${this.picked + 1}`;
      return view.tell(name, this.runs[i].step(end, this.picked), `step ${count(this.runs[i].steps[end])}`);
    });
    if (!this.playing && !this.spoken) {
      this.spoken = true;
      this.announce(said.join(" "));
    }
  }
}

/** Half the side of the enlarged square: a typical step of the first particles fills it. */
function reachOf(run) {
  const sizes = [];
  for (let k = 1; k < run.records; k++) {
    for (let i = 0; i < Math.min(8, run.particles); i++) {
      const step = run.step(k, i);
      if (step.kind === "single") sizes.push(Math.hypot(...(step.noise ?? [step.to[0] - step.from[0], step.to[1] - step.from[1]])), Math.hypot(...(step.drift ?? [0, 0])));
    }
  }
  sizes.sort((a, b) => a - b);
  return 1.25 * Math.max(sizes[Math.floor(0.98 * (sizes.length - 1))] ?? 0.2, 0.004);
}

/** Places before a moment, the latest first, as far back as each is one step before the next. */
function trailsOf(run, moment) {
  const trails = [];
  const length = run.particles > CROWD ? TRAIL - 1 : TRAIL;
  for (let k = Math.ceil(moment); run.single(k) && trails.length < length; k--) {
    trails.push(new Float64Array(2 * run.particles));
    run.placesInto(k - 1, trails.at(-1));
  }
  return trails;
}

/** The way of a particle up to a moment: pieces [from, to, whether it is a single step]. */
function walkedBy(run, particle, moment, here) {
  const end = Math.ceil(moment);
  return Array.from({ length: end }, (_, k) => {
    const to = k + 1 === end ? here : run.place(k + 1, particle);
    return [run.place(k, particle), to, run.single(k + 1)];
  });
}

/** Which moment of a scenery holds at record k. */
function momentIn(scenery, k) {
  return scenery ? Math.max(scenery.moments.findLastIndex((begin) => begin <= k), 0) : 0;
}

/** The score where arrows stand: as stored, otherwise computed. */
function arrowsAt(run, moment, halfSide) {
  if (!run.field) return run.target && arrowsOf(run.target, halfSide);
  const { values, window, sides } = run.field;
  const size = 2 * sides[1] * sides[2];
  return { vectors: Float64Array.from({ length: size }, (_, i) => values.at(moment * size + i)), n: sides[1], window };
}

function aboutOf(run) {
  const rows = [
    ["recipe", run.name], ["sampler", run.sampler], ["step size", `τ = ${run.step_size}`], ["seed", run.seed],
    ["shown", `${count(run.particles)} of ${count(run.particles_in_file)} particles, ${count(run.records)} of ${count(run.records_in_file)} records`],
    ["positions", `to ±${number(run.positions.quantum / 2, 6)}`], ["drift", run.drift_from],
    ["versions", Object.entries(run.versions).map(([name, version]) => `${name} ${version}`).join(", ")], ["hash", run.hash],
  ];
  const list = h("dl", { className: "about" }, ...rows.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, String(text))]));
  return h("details", {}, h("summary", {}, `About ${run.name}`), list);
}
