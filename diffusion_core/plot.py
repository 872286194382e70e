"""A still of a trajectory: start, paths and end over the density. Films are made in `scenes`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from diffusion_core.trajectory import Trajectory

_COLOURS = {"start": "#8A93A3", "paths": "#FF9F43", "end": "#D08A00"}


def plot(trajectory: Trajectory, png: Path) -> None:
    """Write a PNG of three panels: the first record, the paths of some particles, the last record.

    Args:
        trajectory: with or without a grid named "density".
        png: the file to write.
    """
    from matplotlib.figure import Figure  # a third of a second that only this command should pay

    figure = Figure(figsize=(13.5, 4.8), layout="constrained")
    positions = trajectory.positions
    some = np.arange(min(20, positions.shape[1]))
    panels = {
        "start": positions[0],
        "paths": np.asarray(positions[:, some]),
        "end": positions[-1],
    }
    first, last = trajectory.steps[0], trajectory.steps[-1]
    titles = {"start": f"step {first}", "paths": f"{len(some)} paths", "end": f"step {last:,}"}
    for axes, (name, points) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        density = trajectory.grids.get("density")
        if density is not None:
            axes.imshow(density.values, extent=density.window, origin="lower", cmap="Blues", vmin=0)
            axes.set(xlim=density.window[:2], ylim=density.window[2:])
        if name == "paths":
            axes.plot(points[..., 0], points[..., 1], lw=0.6, alpha=0.7, color=_COLOURS[name])
        else:
            axes.plot(points[:, 0], points[:, 1], ".", ms=1.5, alpha=0.6, color=_COLOURS[name])
        axes.set(title=titles[name], aspect="equal")
    figure.suptitle(f"{trajectory.recipe}: {positions.shape[1]:,} particles, seed {trajectory.seed}")
    figure.savefig(png, dpi=150)
