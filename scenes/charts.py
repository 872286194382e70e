"""Charts of what was measured along a run, as all films draw them."""

from __future__ import annotations

from diffusion_core.observation import TOLERANCE
from diffusion_core.trajectory import Trajectory
from scenes.mobjects.live_curve import LiveCurve

OVERHANG = 0.2
"""So much wider than its axes a chart may be."""


def distance_curve(run: Trajectory, board_width: float, height: float) -> LiveCurve:
    """The distance to p over its floor, in the very band by which the run is judged."""
    mean, deviation = run.series["distance_floor"].values[0]
    return LiveCurve(
        run.steps, run.series["distance"].values.ravel(), (mean, TOLERANCE * deviation),
        floor_name="two samples of $p$", width=board_width - OVERHANG, height=height,
    )  # fmt: skip
