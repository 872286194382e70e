// What is drawn as lines over the dots: score field, the picked particle's path, and one step taken apart.
import { proposalOf } from "./run.js";

const HEAD = 4.2; // length of an arrow's head in widths of its shaft, while the arrow is long enough for it
const HEAD_SHARE = 0.45;
const FIELD_LENGTH = 0.72; // of an arrow of the field, in spacings of its grid
const FAINTEST = 0.3; // opacity of the field's weakest arrow
const STRONG_SHARE = 0.9; // of the arrows are weaker than the one from which on all are opaque
const DRIFT_END = 0.4; // the share of a step after which the drift's arrow is whole …
const NOISE_END = 0.8; // … and the noise's; in the rest the particle moves, or does not

/** From data to pixels of a canvas: the square of a half-side around a centre. */
export class Frame {
  constructor(size, halfSide, centre = [0, 0]) {
    Object.assign(this, { size, halfSide, centre, scale: size / (2 * halfSide) });
  }

  pixel([x, y]) {
    return [(x - this.centre[0] + this.halfSide) * this.scale, (this.halfSide - y + this.centre[1]) * this.scale];
  }

  data([u, v]) {
    return [u / this.scale - this.halfSide + this.centre[0], this.halfSide - v / this.scale + this.centre[1]];
  }
}

export function line(context, frame, places, colour, width, dashes = []) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.setLineDash(dashes);
  context.beginPath();
  for (const place of places) context.lineTo(...frame.pixel(place));
  context.stroke();
  context.setLineDash([]);
}

export function disc(context, frame, place, radius, colour, hollow = 0) {
  context.beginPath();
  context.arc(...frame.pixel(place), radius, 0, 2 * Math.PI);
  context.fillStyle = context.strokeStyle = colour;
  context.lineWidth = hollow;
  if (hollow) context.stroke();
  else context.fill();
}

export function arrow(context, frame, from, to, colour, width) {
  const [[u, v], [u1, v1]] = [frame.pixel(from), frame.pixel(to)];
  const length = Math.hypot(u1 - u, v1 - v);
  if (length < 0.5) return;
  const [along, beside] = [[(u1 - u) / length, (v1 - v) / length], [-(v1 - v) / length, (u1 - u) / length]];
  const head = Math.min(HEAD * width, HEAD_SHARE * length);
  const half = Math.min(width / 2, 0.14 * head);
  const at = (back, out) => [u1 - back * along[0] + out * beside[0], v1 - back * along[1] + out * beside[1]];
  context.fillStyle = colour;
  context.beginPath();
  for (const corner of [
    at(length, half), at(head, half), at(head, 0.4 * head), at(0, 0), at(head, -0.4 * head), at(head, -half), at(length, -half),
  ]) context.lineTo(...corner);
  context.fill();
}

/** Arrows of one length on a grid; how steep the score is, their opacity says. `vectors` is flat, (n, n, 2). */
export function field(context, frame, vectors, n, [x0, x1, y0, y1], colour) {
  const spacing = (x1 - x0) / (n - 1);
  const sizes = Array.from({ length: n * n }, (_, i) => Math.hypot(vectors[2 * i], vectors[2 * i + 1]));
  const strong = [...sizes].sort((a, b) => a - b)[Math.floor(STRONG_SHARE * (n * n - 1))] || 1;
  const width = Math.max(0.075 * spacing * frame.scale, 1.2);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  sizes.forEach((size, i) => {
    if (!(size > 0 && size < Infinity)) return;
    const half = (FIELD_LENGTH * spacing) / 2 / size;
    const [dx, dy] = [half * vectors[2 * i], half * vectors[2 * i + 1]];
    const [x, y] = [x0 + (i % n) * spacing, y0 + (Math.floor(i / n) * (y1 - y0)) / (n - 1)];
    context.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.min(size / strong, 1);
    const tip = [x + dx, y + dy];
    context.beginPath();
    context.moveTo(...frame.pixel([x - dx, y - dy]));
    context.lineTo(...frame.pixel(tip));
    for (const turn of [Math.PI / 6, -Math.PI / 6]) {
      const [c, s] = [0.72 * Math.cos(turn), 0.72 * Math.sin(turn)];
      context.moveTo(...frame.pixel(tip));
      context.lineTo(...frame.pixel([tip[0] - c * dx + s * dy, tip[1] - s * dx - c * dy]));
    }
    context.stroke();
  });
  context.globalAlpha = 1;
}

/** A path of pieces [from, to, single], fading towards its beginning; several steps at once are dotted. */
export function path(context, frame, pieces, colour, width) {
  pieces.forEach(([from, to, single], k) => {
    context.globalAlpha = (single ? 0.15 : 0.06) + (single ? 0.7 : 0.4) * ((k + 1) / pieces.length) ** 3;
    line(context, frame, [from, to], colour, width, single ? [] : [0.1, 3 * width]);
  });
  context.globalAlpha = 1;
}

/** The arrows of one step, grown to a share of it: drift, noise from its tip, then the particle moves. */
export function anatomy(context, frame, step, share, palette, width, radius) {
  const ease = (value) => ((t) => t * t * (3 - 2 * t))(Math.min(Math.max(value, 0), 1));
  const between = (a, b, t) => [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
  if (step.kind === "start") return disc(context, frame, step.to, radius, palette.particles);
  const moved = ease((share - NOISE_END) / (1 - NOISE_END));
  const here = between(step.from, step.to, moved);
  const proposal = proposalOf(step);
  context.globalAlpha = 0.45;
  disc(context, frame, step.from, 0.7 * radius, palette.particles);
  context.globalAlpha = 1;
  line(context, frame, [step.from, here], palette.ink, 0.45 * width, [2.2 * width, 1.8 * width]);
  if (step.drift) {
    const climbed = [step.from[0] + step.drift[0], step.from[1] + step.drift[1]];
    if (!step.accepted) context.globalAlpha = 1 - 0.45 * moved;
    arrow(context, frame, step.from, between(step.from, climbed, ease(share / DRIFT_END)), palette.exact, width);
    if (proposal) {
      const grown = ease((share - DRIFT_END) / (NOISE_END - DRIFT_END));
      arrow(context, frame, climbed, between(climbed, proposal, grown), palette.chance, width);
    }
  }
  if (!step.accepted && proposal) {
    context.globalAlpha = 0.75 * moved;
    disc(context, frame, proposal, 0.85 * radius, palette.particles, 0.35 * width);
  }
  context.globalAlpha = 1;
  disc(context, frame, here, radius, palette.particles);
}
