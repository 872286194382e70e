"""Tools of the tests: independent quadrature, differences and χ², against which the library is held."""

import numpy as np
from scipy import stats


def gradient(log_prob, x, h):
    """Central differences of order 8 at x (n, 2)."""
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    columns = []
    for axis in np.eye(2):
        terms = [w * (log_prob(x + k * h * axis) - log_prob(x - k * h * axis)) for k, w in weights.items()]
        columns.append(sum(terms) / h)
    return np.stack(columns, axis=-1)


def grid(window, spacing):
    """Points of an even grid over (x0, x1, y0, y1), (rows, columns, 2), and the area of a cell."""
    x0, x1, y0, y1 = window
    x, y = np.arange(x0, x1, spacing), np.arange(y0, y1, spacing)
    return np.stack(np.meshgrid(x, y), axis=-1), spacing**2


def integral(log_prob, window, spacing):
    """∫ p over the window by the trapezoid rule, which converges faster than any power for smooth p."""
    points, area = grid(window, spacing)
    return float(np.exp(log_prob(points)).sum() * area)


def goodness_of_fit(sample, log_prob, window, bins=14, nodes=24):
    """p-value of Pearson's χ² of a sample against bin masses by Gauss–Legendre quadrature.

    Bins with fewer than 5 expected are merged with everything outside the window.
    """
    x0, x1, y0, y1 = window
    x_edges, y_edges = np.linspace(x0, x1, bins + 1), np.linspace(y0, y1, bins + 1)
    node, weight = np.polynomial.legendre.leggauss(nodes)
    x = x_edges[:-1, None] + (node + 1) / 2 * np.diff(x_edges)[:, None]
    y = y_edges[:-1, None] + (node + 1) / 2 * np.diff(y_edges)[:, None]
    points = np.stack(np.broadcast_arrays(x[:, None, :, None], y[None, :, None, :]), axis=-1)
    cell = (x_edges[1] - x_edges[0]) * (y_edges[1] - y_edges[0]) / 4
    masses = np.einsum("abij,i,j->ab", np.exp(log_prob(points)), weight, weight) * cell
    counts = np.histogram2d(*sample.T, bins=[x_edges, y_edges])[0]
    kept = masses * len(sample) >= 5
    observed = np.append(counts[kept], len(sample) - counts[kept].sum())
    expected = np.append(masses[kept], 1 - masses[kept].sum()) * len(sample)
    if expected[-1] < 5:
        observed, expected = observed[:-1], expected[:-1] * observed[:-1].sum() / expected[:-1].sum()
    return stats.chisquare(observed, expected).pvalue
