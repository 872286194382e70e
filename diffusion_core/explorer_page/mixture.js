// Densities that the page knows in closed form, or on a grid; the same mathematics as `distributions.py`.

const NEGLIGIBLE = -32; // logarithm of 1e-14: a thousand such shares leave eleven digits of their sum as they are

/** p(x) = Σ_k w_k N(x; μ_k, Σ_k); components are rows of weight, μx, μy, Σxx, Σxy, Σyy. */
export class Mixture {
  constructor(components) {
    const count = components.length / 6;
    this.components = components;
    this.count = count;
    this.table = new Float64Array(count * 6); // log w − log 2π − ½ log |Σ|, μx, μy, Pxx, Pxy, Pyy
    this.logits = new Float64Array(count);
    this.smoothness = 0; // −∇² log p ≤ the largest eigenvalue of any precision
    let total = 0;
    for (let k = 0; k < count; k++) total += components[6 * k];
    for (let k = 0; k < count; k++) {
      const [weight, x, y, xx, xy, yy] = components.subarray(6 * k, 6 * k + 6);
      const determinant = xx * yy - xy * xy;
      const constant = Math.log(weight / total) - Math.log(2 * Math.PI) - Math.log(determinant) / 2;
      this.table.set([constant, x, y, yy / determinant, -xy / determinant, xx / determinant], 6 * k);
      const least = (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy);
      this.smoothness = Math.max(this.smoothness, 1 / least);
    }
  }

  /** Equal round Gaussians of one width at points [x, y]. */
  static isotropic(points, width) {
    const rows = points.flatMap(([x, y]) => [1 / points.length, x, y, width ** 2, 0, width ** 2]);
    return new Mixture(Float64Array.from(rows));
  }

  /** Fill `logits` with log(w_k N_k) at a place, and return the largest, which is taken out of all exponentials. */
  weigh(x, y) {
    const { table, logits, count } = this;
    let largest = -Infinity;
    for (let k = 0, j = 0; k < count; k++, j += 6) {
      const dx = x - table[j + 1];
      const dy = y - table[j + 2];
      const form = dx * (table[j + 3] * dx + 2 * table[j + 4] * dy) + table[j + 5] * dy * dy;
      const logit = table[j] - form / 2;
      logits[k] = logit;
      if (logit > largest) largest = logit;
    }
    return largest;
  }

  logProb(x, y) {
    const largest = this.weigh(x, y);
    let total = 0;
    for (let k = 0; k < this.count; k++) total += Math.exp(this.logits[k] - largest);
    return largest + Math.log(total);
  }

  /** ∇ log p at places (2n): Σ_k r_k Σ_k⁻¹ (μ_k − x), into `scores` (2n). */
  scoreInto(places, scores) {
    const { table, logits, count } = this;
    for (let i = 0; i < places.length; i += 2) {
      const x = places[i];
      const y = places[i + 1];
      const floor = this.weigh(x, y);
      let total = 0;
      let alongX = 0;
      let alongY = 0;
      for (let k = 0, j = 0; k < count; k++, j += 6) {
        const logit = logits[k] - floor;
        if (logit < NEGLIGIBLE) continue;
        const share = Math.exp(logit);
        const dx = table[j + 1] - x;
        const dy = table[j + 2] - y;
        total += share;
        alongX += share * (table[j + 3] * dx + table[j + 4] * dy);
        alongY += share * (table[j + 4] * dx + table[j + 5] * dy);
      }
      scores[i] = alongX / total;
      scores[i + 1] = alongY / total;
    }
  }
}

/** A score stored on a square grid, (n, n, 2) with row 0 the lowest; bilinear between nodes, constant beyond. */
export class GridScore {
  constructor(values, [x0, x1, y0, y1]) {
    Object.assign(this, { values, x0, y0 });
    this.n = values.shape[1];
    this.perX = (this.n - 1) / (x1 - x0);
    this.perY = (this.n - 1) / (y1 - y0);
    this.smoothness = null; // not known: the page then warns of no step size
  }

  scoreInto(places, scores) {
    const { values, n } = this;
    for (let i = 0; i < places.length; i += 2) {
      const u = Math.min(Math.max((places[i] - this.x0) * this.perX, 0), n - 1);
      const v = Math.min(Math.max((places[i + 1] - this.y0) * this.perY, 0), n - 1);
      const column = Math.min(Math.floor(u), n - 2);
      const row = Math.min(Math.floor(v), n - 2);
      const [a, b] = [u - column, v - row];
      for (let axis = 0; axis < 2; axis++) {
        const corner = 2 * (row * n + column) + axis;
        const below = (1 - a) * values.at(corner) + a * values.at(corner + 2);
        const above = (1 - a) * values.at(corner + 2 * n) + a * values.at(corner + 2 * n + 2);
        scores[i + axis] = (1 - b) * below + b * above;
      }
    }
  }
}

/** Points along a stroke, spaced by arc length at most so far apart: `along_curve` of `shapes.py`. */
export function alongStroke(stroke, spacing) {
  const travelled = [0];
  for (let i = 1; i < stroke.length; i++) {
    travelled.push(travelled[i - 1] + Math.hypot(stroke[i][0] - stroke[i - 1][0], stroke[i][1] - stroke[i - 1][1]));
  }
  const length = travelled.at(-1);
  if (length === 0) return [stroke[0]];
  const pieces = Math.max(1, Math.ceil(length / spacing));
  let piece = 0;
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const station = (length * i) / pieces;
    while (piece < stroke.length - 2 && travelled[piece + 1] < station) piece++;
    const share = Math.min((station - travelled[piece]) / (travelled[piece + 1] - travelled[piece] || 1), 1);
    const [from, to] = [stroke[piece], stroke[piece + 1]];
    return [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  });
}
