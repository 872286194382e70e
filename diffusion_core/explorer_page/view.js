// A stage with its particles, and beside it one step of the picked one, enlarged and in figures.
import { Cloud } from "./cloud.js";
import { colourTable, rgb } from "./colours.js";
import { h, say, vector } from "./controls.js";
import { Frame, anatomy, disc, field, line, path } from "./marks.js";
import { proposalOf } from "./run.js";

const LARGEST = 1200; // pixels a side that dots are drawn on; more cost time and show little
const PICK = 24; // CSS pixels around a pointer within which a particle is found
const BACKDROP = 40; // pixels a side of the density beneath the enlarged step
const FIELD_NODES = 21;
const FIELD_SHARE = 0.91; // of the half-side that the field's outer arrows stand at

export class View {
  /** `name` titles it; `explored` is called with a place when one is pointed at, and with the kind of event. */
  constructor(name, halfSide, explored) {
    Object.assign(this, { halfSide, explored, picked: 0, cursor: null });
    this.canvases = ["dots", "field", "marks"].map((layer) => h("canvas", { className: layer, "aria-hidden": "true" }));
    this.square = h("div", { className: "square", role: "application", tabIndex: 0, ariaLabel: name }, ...this.canvases);
    this.title = h("figcaption", {}, name);
    this.stage = h("figure", {}, this.title, this.square);
    this.inset = h("canvas", { className: "inset", "aria-hidden": "true" });
    this.figures = h("dl");
    this.verdict = h("p", { className: "verdict" });
    this.heading = h("h2", {}, "One step");
    this.readout = h("section", { className: "readout" }, this.heading, this.inset, this.figures, this.verdict);
    this.cloud = new Cloud(this.canvases[0], halfSide);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.square);
    this.observer.observe(this.inset);
    this.listen();
  }

  listen() {
    const { square } = this;
    const place = (event) => {
      const box = square.getBoundingClientRect();
      const frame = new Frame(box.width, this.halfSide);
      return frame.data([event.clientX - box.left, event.clientY - box.top]);
    };
    square.addEventListener("pointerdown", (event) => {
      square.setPointerCapture(event.pointerId);
      this.explored(place(event), "down");
    });
    square.addEventListener("pointermove", (event) => {
      if (square.hasPointerCapture(event.pointerId)) this.explored(place(event), "move");
    });
    square.addEventListener("pointerup", (event) => this.explored(place(event), "up"));
    square.addEventListener("keydown", (event) => this.moveCursor(event));
    square.addEventListener("blur", () => {
      this.cursor = null;
      this.changed();
    });
  }

  /** A cross that arrow keys move, and Enter points with: the stage without a pointer. */
  moveCursor(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    this.cursor ??= [0, 0];
    if (way) {
      const stride = event.shiftKey ? 0.5 : 0.1;
      this.cursor = this.cursor.map((at, axis) => Math.min(Math.max(at + stride * way[axis], -this.halfSide), this.halfSide));
    } else {
      this.explored(this.cursor, "down");
      this.explored(this.cursor, "up");
    }
    this.changed();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const size = Math.round(Math.min(this.square.clientWidth * ratio, LARGEST));
    if (size > 0 && size !== this.cloud.size) {
      this.cloud.resize(size);
      this.stale = true;
    }
    for (const canvas of [this.canvases[1], this.canvases[2], this.inset]) {
      const side = Math.round(canvas.clientWidth * ratio);
      if (side > 0 && side !== canvas.width) {
        canvas.width = canvas.height = side;
        this.stale = true;
      }
    }
    if (this.stale) this.changed();
  }

  /** What lies beneath: a density or null, a field or null, in a palette. */
  scenery(density, arrows, palette) {
    Object.assign(this, { density, arrows, palette, stale: true });
  }

  drawScenery() {
    this.stale = false;
    const { palette } = this;
    this.table = colourTable(palette.ramp, palette.dimmed);
    if (this.cloud.size) this.cloud.background(this.density, this.table);
    const [, canvas] = this.canvases;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.arrows) return;
    context.globalAlpha = 1;
    field(context, new Frame(canvas.width, this.halfSide), this.arrows.vectors, this.arrows.n, this.arrows.window, palette.exact);
  }

  /** Dots at `places` (2n), and behind them `trails`: earlier places, the latest first. */
  drawDots(places, trails, radius) {
    if (this.stale) this.drawScenery();
    const { cloud, palette } = this;
    if (!cloud.size) return;
    const colour = rgb(palette.particles);
    cloud.clear();
    for (let i = trails.length - 1; i >= 0; i--) {
      cloud.trails(i ? trails[i - 1] : places, trails[i], 1 - i / trails.length, colour);
    }
    cloud.dots(places, radius * cloud.size, colour);
    cloud.show();
  }

  /** The picked one of the particles at `places`: its path so far, and the step that it takes, done to a share. */
  drawMarks(places, walked, step, share, reach) {
    const { palette } = this;
    const canvas = this.canvases[2];
    const context = canvas.getContext("2d");
    const unit = canvas.width / Math.max(this.square.clientWidth, 1);
    const frame = new Frame(canvas.width, this.halfSide);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const here = [places[2 * this.picked], places[2 * this.picked + 1]];
    path(context, frame, walked, palette.ink, 1.3 * unit);
    if (step.drift) anatomy(context, frame, step, 1, palette, 2 * unit, 3.5 * unit);
    disc(context, frame, here, 4 * unit, palette.particles);
    disc(context, frame, here, 9 * unit, palette.ink, 1.6 * unit);
    if (this.cursor) this.drawCursor(context, frame, unit);
    this.drawInset(step, share, reach, places);
  }

  drawCursor(context, frame, unit) {
    const [u, v] = frame.pixel(this.cursor);
    context.strokeStyle = this.palette.ink;
    context.lineWidth = 1.5 * unit;
    context.beginPath();
    for (const [du, dv] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(u + 5 * du * unit, v + 5 * dv * unit);
      context.lineTo(u + 14 * du * unit, v + 14 * dv * unit);
    }
    context.stroke();
  }

  /** The step on a square of half-side `reach` around where it begins, over the density and the neighbours. */
  drawInset(step, share, reach, places) {
    const { inset, palette } = this;
    const unit = inset.width / Math.max(inset.clientWidth, 1);
    const context = inset.getContext("2d");
    const centre = step.from ?? step.to;
    const frame = new Frame(inset.width, reach, centre);
    context.drawImage(this.backdrop(centre, reach), 0, 0, inset.width, inset.width);
    const neighbours = [];
    for (let i = 0; i < places.length; i += 2) {
      const apart = Math.max(Math.abs(places[i] - centre[0]), Math.abs(places[i + 1] - centre[1]));
      if (apart < reach && i !== 2 * this.picked) neighbours.push([places[i], places[i + 1]]);
    }
    context.globalAlpha = Math.min(0.3, 30 / neighbours.length);
    for (const neighbour of neighbours) disc(context, frame, neighbour, 2.5 * unit, palette.particles);
    context.globalAlpha = 1;
    const thick = unit * Math.min(Math.max(inset.clientWidth / 320, 0.55), 1);
    anatomy(context, frame, step, share, palette, 4 * thick, 6 * thick);
    const ruler = niceLength(reach / 2);
    const corner = frame.data([14 * unit, inset.width - 14 * unit]);
    line(context, frame, [corner, [corner[0] + ruler, corner[1]]], palette.mute, 1.5 * unit);
    context.fillStyle = palette.mute;
    context.font = `${12 * unit}px system-ui, sans-serif`;
    context.fillText(String(ruler), 14 * unit, inset.width - 20 * unit);
  }

  /** The density on a small square, as a canvas to be enlarged. */
  backdrop(centre, reach) {
    this.small ??= new Cloud(h("canvas"), reach);
    if (this.small.size !== BACKDROP) this.small.resize(BACKDROP);
    this.small.halfSide = reach;
    this.small.background(this.density, this.table, centre);
    this.small.clear();
    this.small.show();
    return this.small.context.canvas;
  }

  /** The step in figures, and as sentences for those who hear the page. */
  tell(name, step, sayStep) {
    const rows = [["position", vector(step.to), "particles"]];
    if (step.drift) rows.push(["drift", vector(step.drift, 4), "exact"]);
    if (step.noise) rows.push(["noise", vector(step.noise, 4), "chance"]);
    const proposal = proposalOf(step);
    const moved = step.from && [step.to[0] - step.from[0], step.to[1] - step.from[1]];
    if (moved) rows.push([step.kind === "jump" ? `${step.count} steps` : "step", vector(moved, 4), "ink"]);
    if (!step.accepted && proposal) rows.push(["refused", vector(proposal), "mute"]);
    const list = this.figures;
    while (list.childElementCount > 2 * rows.length) list.lastElementChild.remove();
    while (list.childElementCount < 2 * rows.length) list.append(h("dt"), h("dd"));
    rows.forEach(([term, text, role], i) => {
      const [head, body] = [list.children[2 * i], list.children[2 * i + 1]];
      if (head.className !== role) head.className = role;
      say(head, term);
      say(body, text);
    });
    say(this.verdict, verdictOf(step));
    say(this.heading, name);
    return [`${name}, ${sayStep}.`, ...rows.map(([term, text]) => `${term} ${text}.`), verdictOf(step)].join(" ");
  }

  /** The particle nearest to a place, or −1 if none is as near as a pointer can mean. */
  nearest(places, [x, y]) {
    const reach = (PICK / Math.max(this.square.clientWidth, 1)) * 2 * this.halfSide;
    let [found, least] = [-1, reach ** 2];
    for (let i = 0; i < places.length; i += 2) {
      const apart = (places[i] - x) ** 2 + (places[i + 1] - y) ** 2;
      if (apart < least) [found, least] = [i / 2, apart];
    }
    return found;
  }

  remove() {
    this.observer.disconnect();
  }
}

/** Arrows for `scenery` of a target that knows its score. */
export function arrowsOf(target, halfSide) {
  const reach = FIELD_SHARE * halfSide;
  const places = Float64Array.from({ length: 2 * FIELD_NODES ** 2 }, (_, i) => {
    const node = i >> 1;
    const at = i % 2 ? Math.floor(node / FIELD_NODES) : node % FIELD_NODES;
    return reach * ((2 * at) / (FIELD_NODES - 1) - 1);
  });
  const vectors = new Float64Array(places.length);
  target.scoreInto(places, vectors);
  return { vectors, n: FIELD_NODES, window: [-reach, reach, -reach, reach] };
}

function verdictOf(step) {
  if (step.kind === "start") return "Where it starts.";
  if (step.kind === "jump") return "Several steps at once: what each did was kept for the first particles only.";
  if (!step.accepted) return step.noise ? "Refused: it stays where it is." : "Refused: it stays; the proposal was not kept.";
  return step.drift ? "" : "Drift and noise were kept for the first particles only.";
}

/** 1, 2 or 5 times a power of ten, the largest up to a length. */
function niceLength(length) {
  const power = 10 ** Math.floor(Math.log10(length));
  return Number(([5, 2].find((times) => times * power <= length) ?? 1) * power).toPrecision(1) * 1;
}
