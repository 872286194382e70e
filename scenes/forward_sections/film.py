"""What the sections of the forward film share: runs, the point that is held, the rule, when the shape is gone."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from manim import Mobject
from numpy.typing import NDArray

from diffusion_core.observation import TOLERANCE
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.diffusion_film import SCHEDULES, DiffusionFilm
from scenes.formulas import FORWARD, coloured
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.steps import FILL, LEAST

INSIDE = 3.0
"""So far from the axes the held point may stray, in data units, if there is one that goes no further."""
LARGE = 1.1 * theme.FONT_BODY
"""Size of a rule that stands alone."""

Vectors = NDArray[np.float64]  # (…, 2)


class Held(NamedTuple):
    """The particle that is held, and the record to which the kick leads that is taken apart."""

    particle: int
    record: int


class ForwardFilm(DiffusionFilm):
    """A film of a shape that is dissolved in noise."""

    # Runs, and what is chosen from them.

    @cached_property
    def walk(self) -> Trajectory:
        """Kick by kick."""
        return self.run_of("spiral-forward")

    @cached_property
    def jumps(self) -> Trajectory:
        """In one jump to each t."""
        return self.run_of("spiral-jumps")

    @cached_property
    def paced(self) -> list[Trajectory]:
        """Jumps of the same points with the same noise, under each schedule."""
        return [self.run_of("spiral-jumps", schedule=name) for name in SCHEDULES]

    @cached_property
    def held(self) -> Held:
        """A detailed particle that stays on the stage, and the clearest of the early kicks of all such."""
        run = self.walk
        strays = np.abs(run.positions[:, run.detailed]).max(axis=(0, 2))
        first, last = max(run.steps[-1] // 20, 1), max(run.steps[-1] // 6, 2)
        worth = clearness(run.drift[first:last], run.noise[first:last])  # (early records, detailed)
        worth[:, strays > max(INSIDE, strays.min())] = -1
        early, which = np.unravel_index(np.argmax(worth), worth.shape)
        return Held(int(run.detailed[which]), int(first + early))

    @cached_property
    def parts(self) -> tuple[Vectors, Vectors, Vectors]:
        """The held point's positions, and the drift and the noise that led to each: (records, 2)."""
        run, (particle, _) = self.walk, self.held
        which = int(np.flatnonzero(run.detailed == particle)[0])
        return np.asarray(run.positions[:, particle], float), run.drift[:, which], run.noise[:, which]

    @property
    def thing(self) -> str:
        """What is dissolved."""
        return "spiral" if str(self.target) == "spiral" else "shape"

    # What stands where.

    def point(self) -> ParticleCloud:
        """The held point on the stage, at its start, with all of its trail."""
        run, (particle, _) = self.walk, self.held
        return self.hero(run.positions[:, particle : particle + 1], run.hash, trail=len(run.steps))

    @cached_property
    def kick_rule(self) -> Mobject:
        """What a kick does."""
        return self.on_board(coloured(FORWARD["kick"], self.look, LARGE), 0.75)

    def curve_of(self, values: NDArray[np.floating], name: str, **floor: Any) -> LiveCurve:
        """Something measured along the walk, on the board."""
        look = {"steps_name": "$t =$", "fingerprint": self.walk.hash, "height": 1.9}
        return self.curve(self.walk.steps, values, name, 2.05, **look, **floor)


def clearness(drift: NDArray[np.floating], noise: NDArray[np.floating]) -> NDArray[np.float64]:
    """How clear a picture two arrows make, (…, 2) each, to choose by: (…,).

    Where the shorter one has at least the share LEAST of an inset's side, it is 1 and the shorter one's length
    times the sine of the angle between them; elsewhere the shorter one's share of the longer one, below 1. Unlike
    `steps.most_legible` it refuses none, for a film of any shape has to go on.
    """
    one, other = np.linalg.norm(drift, axis=-1), np.linalg.norm(noise, axis=-1)
    shorter, longer = np.minimum(one, other), np.maximum(np.maximum(one, other), 1e-12)
    bend = np.abs(drift[..., 0] * noise[..., 1] - drift[..., 1] * noise[..., 0]) / longer
    return np.asarray(np.where(FILL * shorter / longer >= LEAST, 1 + bend, shorter / longer))


def gone(run: Trajectory) -> int | None:
    """The first t from which the particles are, to the end, within the floor of noise; None if there is none."""
    mean, deviation = run.series["to_noise_floor"].values[0]
    beyond = np.flatnonzero(run.series["to_noise"].values.ravel() > mean + TOLERANCE * deviation)
    first = int(beyond[-1]) + 1 if len(beyond) else 0
    return first if first < len(run.steps) else None
