"""What the sections of the Langevin film share: attributes, runs, and the few things that stay on the stage."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

from manim import Mobject

from diffusion_core import langevin
from diffusion_core.recipes import LangevinRecipe, find_recipe
from diffusion_core.trajectory import Trajectory
from scenes.base import FilmError
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.raster import Window
from scenes.mobjects.score_field import ScoreField
from scenes.mobjects.step_counter import StepCounter
from scenes.mobjects.words import words
from scenes.staging import StagingScene, densest_place

CLIMBERS: Final = 1000
"""So many particles show what climbing does; all of them would hide the hairlines."""
NEAR: Final = 0.5
"""Radius of the disc that is looked at closely, in data units."""
CLIMB_AND_KICK: Final = ("ula", "mala")
"""Samplers of which a step is a climb and a kick, and one long run visits all of p; for others ULA stands in where
single steps are shown. Momentum may carry a particle downhill, and the annealed law changes as it runs."""


class LangevinFilm(StagingScene):
    """A film of Langevin runs on one target; each run is computed when a section first asks for it."""

    target: ClassVar[str] = "smiley"
    """A name of `diffusion_core.shapes.TARGETS`, or the path of a picture or a CSV of points."""
    particles: ClassVar[int] = 5000
    """Of the crowd; one particle and a few heroes are followed whatever it is."""
    steps: ClassVar[int] = 6000
    """Iterations of the run with noise."""
    step_size: ClassVar[float] = 0.001
    """τ of the run with noise."""
    sampler: ClassVar[str] = "ula"
    """"ula", "mala", "underdamped" or "annealed"; of the last two, ULA stands in where single steps are shown."""
    chain_step_size: ClassVar[float] = 0.003
    """Of the one chain, which has a long way to go."""
    seed: ClassVar[int] = 0
    """Another seed, another run; the same seed, the same frames."""

    def _refuse_nonsense(self) -> None:
        super()._refuse_nonsense()
        if self.sampler == "ascent":
            noisy = ", ".join(name for name in langevin.SAMPLERS if name != "ascent")
            raise FilmError(f"the sampler 'ascent' has no noise to turn on: choose one of {noisy}")

    # Runs.

    def recipe(self, name: str, **changes: Any) -> LangevinRecipe:
        """The named recipe with this film's target and seed, and further changes.

        Another target or sampler gives it another name: "my_logo-mala" instead of "smiley-ula".
        """
        base = find_recipe(name)
        common: dict[str, Any] = {"target": str(self.target), "seed": self.seed}
        if common["target"] != base.target:
            common["options"] = {}  # they belong to the recipe's own target
        changed = dataclasses.replace(base, **(common | changes))
        if (changed.target, changed.sampler) != (base.target, base.sampler):
            role = name.partition("-")[2].removesuffix(base.sampler).strip("-")
            parts = (Path(changed.target).stem, role, changed.sampler)
            changed = dataclasses.replace(changed, name="-".join(filter(None, parts)))
        return changed

    @cached_property
    def climbing(self) -> Trajectory:
        """Noise off, from a broad cloud."""
        return self.trajectory(self.recipe("smiley-ascent", particles=self.particles))

    @cached_property
    def sampling(self) -> Trajectory:
        """Noise on, from where climbing ended."""
        climb = find_recipe("smiley-ascent")
        recipe = self.recipe(
            "smiley-ula", sampler=self.sampler, particles=self.particles, steps=self.steps,
            step_size=self.step_size, climb=climb.steps, climb_step_size=climb.step_size,
        )  # fmt: skip
        return self.trajectory(recipe)

    @cached_property
    def chain(self) -> Trajectory:
        """One particle for a long time."""
        sampler = self.sampler if self.sampler in CLIMB_AND_KICK else "ula"
        return self.trajectory(self.recipe("smiley-chain", sampler=sampler, step_size=self.chain_step_size))

    @cached_property
    def near(self) -> Trajectory:
        """Noise off, from true samples around the left eye, or around another target's densest place."""
        if self.has_parts:
            return self.trajectory(self.recipe("smiley-near"))
        near = (*densest_place(self.climbing.grids["density"]), NEAR)
        return self.trajectory(self.recipe("smiley-near", near=near))

    @property
    def has_parts(self) -> bool:
        """Whether this is the smiley, of whose lines, eyes and faint face captions may speak."""
        return self.target == find_recipe("smiley-ula").target

    @cached_property
    def has_settled(self) -> bool:
        """Whether the run with noise reached its target, by measurement."""
        return self.settled(self.sampling)

    # What stays on the stage.

    @cached_property
    def density(self) -> DensityMap:
        """The target's density."""
        return self.density_of(self.climbing)

    @cached_property
    def field(self) -> ScoreField:
        """The target's score."""
        grid = self.climbing.grids["score"]
        made = ScoreField(grid.values, Window(*grid.window), fingerprint=self.climbing.hash)
        return self.on_stage(made).set_z_index(-1)

    def tau(self, run: Trajectory) -> Mobject:
        """The step size of a run, small, where a rule stands above it."""
        return words(f"$tau = {run.step_size:g}$", color=self.look.mute)

    def counter(self, run: Trajectory) -> StepCounter:
        """The iteration numbers of a run."""
        counter: StepCounter = self.at_top_right(StepCounter(run.steps))
        return counter
