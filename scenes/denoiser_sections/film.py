"""What the sections of the denoiser's film share: runs, what the first particle's way holds, how it is drawn."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from diffusion_core.observation import WINDOW
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.diffusion_film import DiffusionFilm
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.raster import Raster, Window
from scenes.mobjects.rays import Rays
from scenes.mobjects.weighted_points import WeightedPoints

FOLLOWED: Final = 8
"""So many particles are followed one by one: the first ones, from the same noise in all runs."""
TRAIL: Final = 12
"""Records that a followed particle draws behind it."""
DATA: Final[dict[str, Any]] = {"radius": 0.025, "opacity": 0.45}
"""The look of the data's points, which stand behind all else."""
WHOLE: Final = 0.24
"""Radius of a point of the data that has all the weight."""
MEAN, GUESS = 0.13, 0.08
"""Radii of the two markers: where mean and guess coincide, both are to be seen."""


class DenoiserFilm(DiffusionFilm):
    """A film of what a noisy point says of the clean one."""

    # Runs, computed when a beat first asks for them.

    @cached_property
    def way(self) -> Trajectory:
        """The particles that are followed, step by step; the first one held against points of the data."""
        return self.run_of("spiral-noise-on", particles=min(FOLLOWED, self.particles))

    def jump(self, steps: int) -> Trajectory:
        """All particles along the probability flow in so many steps."""
        return self.run_of("spiral-one-jump", taken=steps)

    # What the way holds.

    @property
    def followed(self) -> NDArray[np.floating]:
        """The particles that are followed, (records, particles, 2)."""
        return self.way.positions[:, :FOLLOWED]

    @property
    def guesses(self) -> NDArray[np.float64]:
        """What the network guesses for those that are followed, (records, particles, 2)."""
        return self.way.series["guess"].values.reshape(len(self.way.steps), -1, 2)

    @property
    def points(self) -> NDArray[np.float64]:
        """The data, (points, 2)."""
        return self.way.series["points"].values

    @property
    def means(self) -> NDArray[np.float64]:
        """E[x₀ | x_t] over the data, for the first particle, (records, 2)."""
        return self.way.series["mean"].values

    # What stands on the stage; each call makes it anew, at the start.

    @property
    def view(self) -> Window:
        """The square that holds all of the way: the stage's, or a larger one."""
        half = max(WINDOW, 1.03 * float(np.abs(self.followed).max()))
        return Window(-half, half, -half, half)

    def in_view(self, mobject: Any, layer: int) -> Any:
        """Put something whose data window is `view` on the stage."""
        made = mobject.scale(self.zones.stage_side / (2 * self.view.x_max)).move_to(self.zones.stage_center)
        return made.set_z_index(layer)

    def dots(self, positions: Any, layer: int = 3, **look: Any) -> Any:
        """Points (records, particles, 2) in view."""
        look = {"opacity": 1.0} | look
        return self.in_view(ParticleCloud(positions, window=self.view, fingerprint=self.way.hash, **look), layer)

    def one(self) -> Any:
        """The noisy point."""
        return self.dots(self.followed[:, :1], 4, radius=theme.HERO_RADIUS, trail=TRAIL)

    def data(self) -> Any:
        """The data."""
        return self.dots(self.points, -1, **DATA)

    def weights(self) -> Any:
        """The data by their weights."""
        weights = self.way.series["weights"].values
        return self.in_view(WeightedPoints(self.points, weights, largest=WHOLE, window=self.view), 1)

    def rays(self, place: Raster) -> Any:
        """From the noisy point to the data, by weight."""
        weights = self.way.series["weights"].values
        rays = Rays(self.followed[:, 0], self.points, weights, place=place, fingerprint=self.way.hash)
        return rays.set_z_index(0)


def spread_of(points: NDArray[np.float64]) -> float:
    """Of points (n, 2): the root of the mean variance along the axes.

    >>> spread_of(np.array([[2.0, 2.0], [-2.0, -2.0]]))
    2.0
    """
    return float(np.sqrt(points.var(axis=0).mean()))
