// Thousands of dots, drawn straight into pixels: soft round dots over a density, with trails behind them.

const EDGE = 1.5; // width in pixels of a dot's soft edge, as in the films
const PHASES = 4; // places of a dot's centre within a pixel, along each axis, that are told apart
const OPACITY = 0.85;
const TRAIL_OPACITY = 0.45;
const TRAIL_INK = 12; // pixels of a trail's piece beyond which it has no more ink, but is fainter

export class Cloud {
  constructor(canvas, halfSide) {
    this.context = canvas.getContext("2d", { alpha: false });
    this.halfSide = halfSide;
    this.size = 0;
  }

  /** Draw on so many pixels a side from now on; what was drawn is gone. */
  resize(size) {
    this.size = this.context.canvas.width = this.context.canvas.height = size;
    this.image = this.context.createImageData(size, size);
    this.pixels = new Uint8Array(this.image.data.buffer); // writing to it costs less than to one that clamps
    this.base = new Uint8Array(this.pixels.length);
  }

  /** What lies beneath the dots: a density in the colours of a table, or the table's first colour alone; `centre` is in the middle. */
  background(density, table, centre = [0, 0]) {
    const { size, base, halfSide } = this;
    for (let row = 0, at = 0; row < size; row++) {
      const y = centre[1] + halfSide * (1 - (2 * (row + 0.5)) / size);
      for (let column = 0; column < size; column++, at += 4) {
        const x = centre[0] + halfSide * ((2 * (column + 0.5)) / size - 1);
        const level = density ? density.level(x, y) * (table.length / 3 - 1) : 0;
        const stop = Math.min(Math.floor(level), table.length / 3 - 2);
        for (let channel = 0; channel < 3; channel++) {
          const colour = table[3 * stop + channel];
          base[at + channel] = colour + (level - stop) * (table[3 * stop + 3 + channel] - colour) + 0.5; // rounds
        }
        base[at + 3] = 255;
      }
    }
  }

  clear() {
    this.pixels.set(this.base);
  }

  show() {
    this.context.putImageData(this.image, 0, 0);
  }

  /** Dots of a radius in pixels at places (2n), in a colour [red, green, blue]. */
  dots(places, radius, colour) {
    const { size, halfSide } = this;
    const { stamps, side } = stampsOf(radius);
    const half = (side - 1) / 2;
    const scale = size / (2 * halfSide);
    for (let i = 0; i < places.length; i += 2) {
      const u = (places[i] + halfSide) * scale - 0.5;
      const v = (halfSide - places[i + 1]) * scale - 0.5;
      if (!(u > half && v > half && u < size - 1 - half && v < size - 1 - half)) continue;
      const [column, row] = [Math.round(u), Math.round(v)];
      const phase = PHASES * phaseOf(v - row) + phaseOf(u - column);
      this.stamp(stamps[phase], side, column - half, row - half, colour);
    }
  }

  stamp(covers, side, left, top, [red, green, blue]) {
    const { pixels, size } = this;
    for (let row = 0, at = 0; row < side; row++) {
      let pixel = 4 * ((top + row) * size + left);
      for (let column = 0; column < side; column++, at++, pixel += 4) {
        if (covers[at] > 0) blend(pixels, pixel, covers[at], red, green, blue);
      }
    }
  }

  /** Lines from places (2n) to others, `fresh` from 0 to 1: how strong they are. */
  trails(from, to, fresh, colour) {
    const { size, halfSide } = this;
    const scale = size / (2 * halfSide);
    const cover = Math.round(256 * OPACITY * TRAIL_OPACITY * fresh);
    for (let i = 0; i < from.length; i += 2) {
      const u = (from[i] + halfSide) * scale - 0.5;
      const v = (halfSide - from[i + 1]) * scale - 0.5;
      this.line(u, v, (to[i] + halfSide) * scale - 0.5, (halfSide - to[i + 1]) * scale - 0.5, cover, colour);
    }
  }

  /** A line one pixel wide: at each pixel along its longer axis, two pixels across share the ink. */
  line(u, v, u1, v1, cover, [red, green, blue]) {
    const { pixels, size } = this;
    const pieces = Math.ceil(Math.max(Math.abs(u1 - u), Math.abs(v1 - v)));
    const inside = Math.min(u, v, u1, v1) > 1 && Math.max(u, v, u1, v1) < size - 2;
    if (!inside || pieces === 0) return;
    const du = (u1 - u) / pieces;
    const dv = (v1 - v) / pieces;
    const steep = Math.abs(dv) > Math.abs(du);
    const aside = steep ? 4 : 4 * size;
    const strength = cover * Math.min(1, TRAIL_INK / pieces);
    for (let piece = 0; piece < pieces; piece++, u += du, v += dv) {
      const across = steep ? u : v;
      const low = across | 0;
      const pixel = 4 * (steep ? ((v + 0.5) | 0) * size + low : low * size + ((u + 0.5) | 0));
      const ink = (strength * (across - low)) | 0;
      blend(pixels, pixel, strength - ink, red, green, blue);
      blend(pixels, pixel + aside, ink, red, green, blue);
    }
  }
}

/** Cover a pixel with a colour, `cover` of 256. */
function blend(pixels, pixel, cover, red, green, blue) {
  pixels[pixel] += ((red - pixels[pixel]) * cover) >> 8;
  pixels[pixel + 1] += ((green - pixels[pixel + 1]) * cover) >> 8;
  pixels[pixel + 2] += ((blue - pixels[pixel + 2]) * cover) >> 8;
}

const KNOWN_STAMPS = new Map();

function phaseOf(offset) {
  return Math.min(Math.floor((offset + 0.5) * PHASES), PHASES - 1);
}

/** How much of each pixel, of 256, a dot of a radius covers, for each place of its centre within a pixel. */
function stampsOf(radius) {
  const known = KNOWN_STAMPS.get(radius);
  if (known) return known;
  const core = Math.sqrt(Math.max(radius ** 2 - EDGE ** 2 / 20, 0.1));
  const half = Math.ceil(core + EDGE / 2 + 0.5);
  const side = 2 * half + 1;
  const stamps = Array.from({ length: PHASES ** 2 }, (_, phase) => {
    const centre = [phase % PHASES, Math.floor(phase / PHASES)].map((at) => half + (at + 0.5) / PHASES - 0.5);
    return Uint16Array.from({ length: side ** 2 }, (_, at) => {
      const distance = Math.hypot((at % side) - centre[0], Math.floor(at / side) - centre[1]);
      const t = Math.min(Math.max((core - distance) / EDGE + 0.5, 0), 1);
      return Math.round(256 * OPACITY * t * t * (3 - 2 * t));
    });
  });
  KNOWN_STAMPS.set(radius, { stamps, side });
  return { stamps, side };
}
