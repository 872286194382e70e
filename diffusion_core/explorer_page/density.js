// Densities on a square grid, as they are drawn: stored ones, and sums of Gaussians.

const NODES = 211; // a side, of a density that is computed here
const REACH = 5; // standard deviations around a component within which it is drawn

export class Density {
  /** Values (n, n) with row 0 the lowest, whose outer nodes lie on the borders of a window. */
  constructor(values, n, [x0, x1, y0, y1]) {
    Object.assign(this, { values, n, x0, y0 });
    this.perX = (n - 1) / (x1 - x0);
    this.perY = (n - 1) / (y1 - y0);
    this.peak = values.reduce((a, b) => Math.max(a, b), 0);
  }

  /** One moment of a stored grid. */
  static stored({ values, window, sides }, moment) {
    const [n] = sides.slice(-1);
    const moments = Float32Array.from({ length: n * n }, (_, i) => values.at(moment * n * n + i));
    return new Density(moments, n, window);
  }

  /** p of a mixture on the square of a half-side. */
  static ofMixture(mixture, halfSide) {
    const density = new Density(new Float32Array(NODES * NODES), NODES, [-halfSide, halfSide, -halfSide, halfSide]);
    for (let k = 0; k < mixture.count; k++) density.add(mixture.components.subarray(6 * k, 6 * k + 6));
    density.peak = density.values.reduce((a, b) => Math.max(a, b), 0);
    return density;
  }

  add([weight, x, y, xx, xy, yy]) {
    const determinant = xx * yy - xy * xy;
    const height = weight / (2 * Math.PI * Math.sqrt(determinant));
    const node = (value) => Math.min(Math.max(Math.round(value), 0), this.n - 1);
    const [wide, high] = [REACH * Math.sqrt(xx), REACH * Math.sqrt(yy)];
    const [left, right] = [x - wide, x + wide].map((edge) => node((edge - this.x0) * this.perX));
    const [low, top] = [y - high, y + high].map((edge) => node((edge - this.y0) * this.perY));
    for (let row = low; row <= top; row++) {
      const dy = this.y0 + row / this.perY - y;
      for (let column = left; column <= right; column++) {
        const dx = this.x0 + column / this.perX - x;
        const form = (yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy) / determinant;
        this.values[row * this.n + column] += height * Math.exp(-form / 2);
      }
    }
  }

  /** Share of the peak at a place, 0 to 1. */
  level(x, y) {
    const { n, values } = this;
    const u = Math.min(Math.max((x - this.x0) * this.perX, 0), n - 1);
    const v = Math.min(Math.max((y - this.y0) * this.perY, 0), n - 1);
    const column = Math.min(Math.floor(u), n - 2);
    const row = Math.min(Math.floor(v), n - 2);
    const [a, b, corner] = [u - column, v - row, row * n + column];
    const below = (1 - a) * values[corner] + a * values[corner + 1];
    const above = (1 - a) * values[corner + n] + a * values[corner + n + 1];
    return this.peak > 0 ? Math.min(Math.max(((1 - b) * below + b * above) / this.peak, 0), 1) : 0;
  }
}
