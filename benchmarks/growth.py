"""Growth curves for README.md: what a particle takes against how many there are. Flat is in proportion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.tables import Row

COLORS: Final = ("#702EDB", "#E07A00")  # in both readable on white


class Curve(NamedTuple):
    """What to draw of a table.

    Args:
        png: the picture's name, beside README.md.
        tells: what one sees, for who cannot.
        y: column of the time.
        axes: columns that grow, a panel each.
        by: column of which each value has a line of its own.
    """

    png: str
    tells: str
    y: str
    axes: tuple[str, ...] = ("particles",)
    by: str | None = None


CURVES: Final = {
    "langevin-growth": Curve(
        "langevin.png", "Time per particle and step of ULA", "µs per particle and step", ("particles", "steps")
    ),
    "sampling-growth": Curve(
        "sampling.png", "Time per particle and step against particles, steps and width",
        "µs per particle and step", ("particles", "steps", "width"),
    ),
    "render-growth": Curve("render.png", "Time to draw a particle", "µs a particle"),
    "million": Curve(
        "million.png", "Time per particle and step up to a million", "µs per particle and step", by="sampler"
    ),
}  # fmt: skip
"""Table → its curve."""


def lines(curve: Curve, rows: Sequence[Row], axis: str) -> dict[str, list[tuple[int, float]]]:
    """The points of a panel, by the lines' names; where a table has several growths, a row says which is its."""
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        if row.get("grows", axis) == axis and row[curve.y] is not None:
            found.setdefault(row[curve.by] if curve.by else "", {})[row[axis]] = row[curve.y]
    return {name: sorted(points.items()) for name, points in found.items()}


def plot(curve: Curve, rows: Sequence[Row], folder: Path) -> str:
    """Draw a table's rows into the folder; the Markdown that shows the picture."""
    from matplotlib.figure import Figure  # a third of a second, only here

    panels = len(curve.axes)
    figure = Figure(figsize=(3 * panels + 1 if panels > 1 else 5, 3), layout="constrained")
    every = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    for axes, axis in zip(every, curve.axes, strict=True):
        drawn = lines(curve, rows, axis)
        for (name, points), color in zip(drawn.items(), COLORS, strict=False):
            axes.plot(*zip(*points, strict=True), "o-", color=color, label=name)
        sizes = sorted({size for points in drawn.values() for size, _ in points})
        axes.set(xscale="log", xlabel=axis)
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30 if max(sizes) > 10_000 else 0)
        axes.minorticks_off()
        if curve.by:
            axes.legend()
    every[0].set(ylabel=curve.y, ylim=(0, None))  # of all panels, which share it
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / curve.png, dpi=120)
    return f"![{curve.tells}]({curve.png})"
