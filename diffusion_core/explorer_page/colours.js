// Colours of a density: mixed, and spaced, evenly in Oklab (Ottosson 2020), as `DensityMap` of the films does.

const LEVELS = 256;
const TO_CONES = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_LAB = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];
const FROM_CONES = inverse(TO_CONES);
const FROM_LAB = inverse(TO_LAB);

/** [red, green, blue] from 0 to 255 of #RRGGBB. */
export function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** LEVELS colours, 3 numbers from 0 to 255 each, from a ramp's first to its last; `opacity` over the first. */
export function colourTable(ramp, opacity) {
  const stops = ramp.map((hex) => oklab(rgb(hex).map((value) => value / 255)));
  const reached = [0];
  for (let i = 1; i < stops.length; i++) {
    reached.push(reached[i - 1] + Math.hypot(...stops[i].map((value, channel) => value - stops[i - 1][channel])));
  }
  const paper = rgb(ramp[0]);
  const table = new Float64Array(3 * LEVELS);
  let stop = 0;
  for (let level = 0; level < LEVELS; level++) {
    const wanted = (reached.at(-1) * level) / (LEVELS - 1);
    while (stop < stops.length - 2 && reached[stop + 1] < wanted) stop++;
    const share = (wanted - reached[stop]) / (reached[stop + 1] - reached[stop]);
    const colour = srgb(stops[stop].map((value, channel) => value + share * (stops[stop + 1][channel] - value)));
    table.set(colour.map((value, channel) => paper[channel] + opacity * (255 * value - paper[channel])), 3 * level);
  }
  return table;
}

function oklab(colour) {
  const light = colour.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return times(TO_LAB, times(TO_CONES, light).map(Math.cbrt));
}

function srgb(lab) {
  const light = times(FROM_CONES, times(FROM_LAB, lab).map((value) => value ** 3));
  return light
    .map((value) => Math.min(Math.max(value, 0), 1))
    .map((value) => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055));
}

function times(matrix, vector) {
  return matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]);
}

function inverse(m) {
  const minor = (i, j) => {
    const [a, b] = [0, 1, 2].filter((row) => row !== i);
    const [c, d] = [0, 1, 2].filter((column) => column !== j);
    return (m[a][c] * m[b][d] - m[a][d] * m[b][c]) * ((i + j) % 2 ? -1 : 1);
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0][j] * minor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => minor(j, i) / determinant));
}
