"""What the films of the diffusion story share: attributes, runs, the level of noise as a clock, p_t and scores."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from manim import DOWN, LEFT, ValueTracker, VGroup
from numpy.typing import NDArray

from diffusion_core.diffusion_recipes import DiffusionRecipe, TrainingRecipe
from diffusion_core.errors import suggestion
from diffusion_core.recipe import Recipe
from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes.base import FilmError
from scenes.mobjects.density_map import DensityMap
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.raster import Window
from scenes.mobjects.readout import Readout
from scenes.mobjects.score_field import STRONG_SHARE, ScoreField
from scenes.mobjects.time_slider import TimeSlider
from scenes.mobjects.words import words
from scenes.staging import StagingScene

SCHEDULES = ("linear", "cosine", "sigmoid")
"""Of `diffusion_core.schedules`, those that preserve variance: with the others, noise would leave the stage."""

TRUTH_STEPS = 50
"""Of a forward run whose start is all that is used: few, and enough for every schedule."""


class DiffusionFilm(StagingScene):
    """A film of diffusion runs on one target; each run is computed when a beat first asks for it."""

    target: ClassVar[str] = "spiral"
    """A name of `diffusion_core.shapes.TARGETS`, or the path of a picture or a CSV of points."""
    particles: ClassVar[int] = 5000
    """Of the crowd."""
    schedule: ClassVar[str] = "linear"
    """"linear", "cosine" or "sigmoid"."""
    seed: ClassVar[int] = 0
    """Of the data's draw and of the noise; the network's is its recipe's own."""

    def _refuse_nonsense(self) -> None:
        super()._refuse_nonsense()
        if self.schedule not in SCHEDULES:
            hint = suggestion(str(self.schedule), SCHEDULES)
            raise FilmError(f"this film cannot show the schedule '{self.schedule}': {hint}")

    # Runs.

    def run_of(self, name: str, **changes: Any) -> Trajectory:
        """The named recipe's run with this film's target, particles, schedule and seed, and further changes."""
        return self.trajectory(self.recipe_of(name, **changes))

    def truth(self, seed: int) -> Trajectory:
        """As many true samples, drawn with this seed: the start of a forward run of which nothing else is used."""
        return self.run_of("spiral-forward", steps=TRUTH_STEPS, moments=2, seed=seed)

    def recipe_of(self, name: str, **changes: Any) -> Any:
        """That recipe; another target gives it another name: "my_logo-forward" instead of "spiral-forward"."""
        target = str(changes.pop("target", self.target))
        return dataclasses.replace(self._tailored(find_recipe(name), target), **changes)

    def _tailored(self, recipe: Recipe, target: str) -> Any:
        """The recipe, and that of its network, on this target and with this film's attributes."""
        usual: dict[str, Any] = {}
        if target != recipe.target:
            role = recipe.name.removeprefix(f"{recipe.target}-")
            usual = {"target": target, "options": {}, "name": f"{Path(target).stem}-{role}"}
        if getattr(recipe, "schedule", None) in SCHEDULES:
            usual["schedule"] = self.schedule
        if not isinstance(recipe, TrainingRecipe):
            usual |= {"particles": self.particles, "seed": self.seed}
        if isinstance(recipe, DiffusionRecipe) and recipe.training is not None:
            usual["training"] = self._tailored(recipe.training, target)
        return dataclasses.replace(recipe, **usual)

    # The clock: its value is the share of the way in log-SNR, in which something happens everywhere.

    def way_of(self, run: Trajectory) -> Callable[[float], float]:
        """From the share of the way in log-SNR, 0 to 1, to the record of a run, whichever way it goes."""
        even = shares(run)
        return lambda share: float(np.interp(share, even, np.arange(len(even))))

    def on_way(self, clock: ValueTracker, run: Trajectory, *mobjects: Any) -> None:
        """Let things that show the run's records follow a clock that counts the share of the way."""
        self.clocked(clock, *mobjects, moment=self.way_of(run))

    def over_moments(self, clock: ValueTracker, run: Trajectory, *mobjects: Any) -> None:
        """Likewise things that show moments, of which there are fewer; between two they are between theirs."""
        way, steps, moments = self.way_of(run), run.steps, moments_of(run)
        of_record = np.interp(steps, moments, np.arange(len(moments)))
        for mobject in mobjects:
            mobject.eased = True
            last = mobject.records - 1  # scores end before p does, which has no noise

            def moment(share: float, last: int = last) -> float:
                return min(float(np.interp(way(share), np.arange(len(steps)), of_record)), last)

            self.clocked(clock, mobject, moment=moment)

    def go(self, clock: ValueTracker, share: float, run_time: float, *eased: Any) -> None:
        """Let the clock run to a share of the way, while clouds ease from record to record."""
        for mobject in eased:
            mobject.eased = True
        self.run_clock(clock, share, run_time)

    # What stands where.

    def diffused_of(self, run: Trajectory) -> DensityMap:
        """p_t at the moments at which it was kept, and p where the run ends without noise, dimmed."""
        values, window = run.grids["diffused"]
        if len(moments_of(run)) > len(values):  # every second point of the sharper grid is one of this
            values = np.concatenate([values, run.grids["density"].values[None, ::2, ::2]])
        made = self.on_stage(DensityMap(values, Window(*window), fingerprint=f"{run.hash}-diffused"))
        return made.set_z_index(-2).set_opacity(self.look.dimmed)

    def field_of(self, run: Trajectory, grid: str, role: str) -> ScoreField:
        """Scores at the moments, in a role's colour; an arrow is faint where it is weak for its moment."""
        values, window = run.grids[grid]
        strong = np.percentile(np.linalg.norm(values, axis=-1), STRONG_SHARE, axis=(1, 2))
        made = ScoreField(
            values / strong[:, None, None, None], Window(*window),
            fingerprint=f"{run.hash}-{grid}", color=getattr(self.look, role), strong=1.0,
        )  # fmt: skip
        return self.on_stage(made).set_z_index(-1)

    def candidates_of(
        self, steps: NDArray[np.integer], values: NDArray[np.floating], top: float, **options: Any
    ) -> LiveCurve:
        """How many points a noisy one can still come from, (records,), on the board."""
        look = {"log": True, "color": self.look.exact} | options
        return self.curve(steps, values, "points that still count", top, **look)

    def time_of(self, run: Trajectory) -> Readout:
        """t at the run's records, at the right of the board's upper edge."""
        made: Readout = self.at_top_right(Readout(run.times.astype(int), "$t =$"))
        return made

    def network_card(self, training: TrainingRecipe, top: float = 0.0) -> VGroup:
        """Which network it is, after how many iterations, and how good: three lines on the board."""
        run = self.trajectory(training)
        strays, truth = float(run.series["strays"].values[-1]), float(run.series["strays_floor"].values[0, 0])
        trained = f"a network: {training.iterations:,} iterations of {training.batch:,} points"
        lines = [
            words(trained, color=self.look.learned),
            words(f"by Heun's rule {strays:.1%} stray, of true ones {truth:.1%}", color=self.look.mute),
            words(f"stray: less likely than {1 - truth:.1%} of true samples", color=self.look.mute),
        ]
        card = VGroup(*lines).arrange(DOWN, buff=0.2, aligned_edge=LEFT)
        self.on_board(card, top)
        return card

    def slider_of(self, run: Trajectory) -> TimeSlider:
        """A ruler of log-SNR with a handle, at the board's foot; it shows the records of the run."""
        values = log_snr(run)
        ends = {float(values.min()): "noise", float(values.max()): "data"}
        made = TimeSlider(values, width=self.zones.board_width - 2.6, label="log-SNR", ticks=ends)
        self.on_board(made, self.zones.board_top - self.zones.board_bottom - made.height)
        return made


STEEP = 1.5
"""The largest step in log-SNR that the clock gives its full time."""


def log_snr(run: Trajectory) -> NDArray[np.float64]:
    """The run's log-SNR at its records, (records,); where there is no noise, a step further than the last one."""
    levels = run.series["levels"].values
    clean = levels[:, 2] == 0
    values = np.full(len(levels), np.nan)
    values[~clean] = 2 * np.log(levels[~clean, 1] / levels[~clean, 2])
    known = np.unique(values[~clean])
    values[clean] = known[-1] + (known[-1] - known[-2] if len(known) > 1 else 1.0)
    return values


def moments_of(run: Trajectory) -> NDArray[np.int64]:
    """The iterations at which p_t is known: those of the moments, and the end of a run that ends without noise."""
    moments = run.series["moments"].steps
    clean = run.series["levels"].values[-1, 2] == 0
    return np.append(moments, run.steps[-1]) if clean and moments[-1] < run.steps[-1] else moments


def shares(run: Trajectory) -> NDArray[np.float64]:
    """The share of the whole way in log-SNR at each record, from 0 to 1, increasing.

    A step of more than STEEP counts as one of STEEP: the last kick of some schedules leaves nothing of the signal,
    and would take a third of the time.
    """
    way = np.append(0.0, np.minimum(np.abs(np.diff(log_snr(run))), STEEP).cumsum())
    return np.asarray(way / way[-1])
