"""A still of a trajectory: start, paths and end over the density, or what a training made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from diffusion_core.many import measured_of
from diffusion_core.trajectory import Grid, Trajectory

_COLOURS = {"start": "#8A93A3", "paths": "#FF9F43", "end": "#D08A00", "learned": "#702EDB"}


def plot(trajectory: Trajectory, png: Path) -> None:
    """Write a PNG of three panels: the first record, the paths of some particles, the last record.

    Of many particles the first ones are drawn. Of a training: the last samples, distance and loss along the way,
    the errors by noise level.

    Args:
        trajectory: with or without a grid named "density".
        png: the file to write.
    """
    from matplotlib.figure import Figure  # a third of a second that only this command should pay

    figure = Figure(figsize=(13.5, 4.8), layout="constrained")
    panels = figure.subplots(1, 3)
    _, particles, _ = trajectory.positions.shape
    if trajectory.weights is None:
        some = np.arange(min(20, particles))
        first, last = trajectory.steps[0], trajectory.steps[-1]
        _draw(panels[0], trajectory, 0, f"step {first}", "start")
        _show_density(panels[1], _density(trajectory, len(trajectory.steps) - 1))
        paths = np.asarray(trajectory.positions[:, some])
        panels[1].plot(paths[..., 0], paths[..., 1], lw=0.6, alpha=0.7, color=_COLOURS["paths"])
        panels[1].set(title=f"{len(some)} paths", aspect="equal")
        _draw(panels[2], trajectory, -1, f"step {last:,}", "end")
    else:
        _draw(panels[0], trajectory, -1, f"samples after {trajectory.steps[-1]:,} iterations", "end")
        _curves(panels[1], trajectory)
        _errors(panels[2], trajectory)
    figure.suptitle(f"{trajectory.recipe}: {particles:,} particles, seed {trajectory.seed}")
    figure.savefig(png, dpi=150)


def _density(trajectory: Trajectory, record: int) -> Grid | None:
    """The density under a record: of the noise level nearest to it, where there are several."""
    if "diffused" in trajectory.grids and trajectory.times[record] > 0:
        moments, grid = trajectory.series["moments"].steps, trajectory.grids["diffused"]
        nearest = int(np.abs(moments - trajectory.steps[record]).argmin())
        return Grid(grid.values[nearest], grid.window)
    return trajectory.grids.get("density")


def _show_density(axes: Any, density: Grid | None) -> None:
    if density is not None:
        axes.imshow(density.values, extent=density.window, origin="lower", cmap="Blues", vmin=0)
        axes.set(xlim=density.window[:2], ylim=density.window[2:])


def _draw(axes: Any, trajectory: Trajectory, record: int, title: str, role: str) -> None:
    _show_density(axes, _density(trajectory, record))
    particles = trajectory.positions.shape[1]
    drawn = measured_of(particles)
    points = trajectory.positions[record, :drawn]
    axes.plot(points[:, 0], points[:, 1], ".", ms=1.5, alpha=0.6, color=_COLOURS[role])
    if drawn < particles:
        title += f", the first {drawn:,}"
    axes.set(title=title, aspect="equal")


def _curves(axes: Any, trajectory: Trajectory) -> None:
    """Distance and loss along the training, with what the truth would reach."""
    for name, style in (("distance", "-"), ("loss", "--")):
        series = trajectory.series[name]
        axes.plot(np.maximum(series.steps, 0.5), series.values, style, label=name, color=_COLOURS["learned"])
        if floor := trajectory.series.get(f"{name}_floor"):
            least = float(floor.values.ravel()[0])
            axes.axhline(least, ls=style, lw=0.8, color=_COLOURS["start"], label=f"{name}, truth")
    axes.set(xscale="log", yscale="log", xlabel="iterations", title="distance and loss")
    axes.legend()


def _errors(axes: Any, trajectory: Trajectory) -> None:
    """Mean square error of the noise by noise level, at some checkpoints; empty where nothing exact is known."""
    if "error" in trajectory.series:
        values, levels = trajectory.series["error"].values, trajectory.series["error_levels"].values
        log_snr = 2 * np.log(levels[:, 1] / levels[:, 2])
        for share in (0.0, 0.5, 0.75, 1.0):
            record = round(share * (len(values) - 1))
            axes.plot(log_snr, values[record], alpha=0.3 + 0.7 * share, color=_COLOURS["learned"],
                      label=f"{trajectory.steps[record]:,} iterations")  # fmt: skip
        axes.set(yscale="log", xlabel="log-SNR", title="mean of (ε̂ − ε*)² by noise level")
        axes.legend()
