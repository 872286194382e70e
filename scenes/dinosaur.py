"""A standard Gaussian becomes the dinosaur, along what a network has learned of it.

`manim -pqh scenes/dinosaur.py DinosaurScene`; the networks are trained and the particles are computed on first
use.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from manim import DOWN, LEFT, RIGHT, FadeIn, FadeOut, Mobject, ValueTracker, VGroup

from diffusion_core.diffusion_recipes import DiffusionRecipe
from diffusion_core.recipes import find_recipe
from diffusion_core.trajectory import Trajectory
from scenes import theme
from scenes.base import FilmError
from scenes.charts import distance_curve
from scenes.clocks import late
from scenes.diffusion_film import DiffusionFilm, shares
from scenes.formulas import NOISY, denoising_rule
from scenes.mobjects.caption import standing
from scenes.mobjects.legend import Legend
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.mobjects.words import words
from scenes.storyboard import Storyboard

RECIPE: Final = "dinosaur-ddpm"
ENCORE_STEPS: Final = 200
"""The encore takes so many of the schedule's 1,000."""
SHRUNK: Final = 0.84
"""So much smaller are the two samples when their names stand above them."""


class DinosaurScene(DiffusionFilm):
    """From noise to data over the whole way, t = T … 0, with the density beneath; then any shape.

    Attributes to change: `target`, `encore`, `particles`, `sampler`, `iterations`, `schedule`, `seed`, and those
    of every film.
    """

    target: ClassVar[str] = find_recipe(RECIPE).target
    """What noise becomes: a name of `shapes.TARGETS`, or the path of a picture or a CSV of points."""
    encore: ClassVar[str | None] = "two-moons"
    """The target of the last section, which trains a network of its own; None leaves it out."""
    sampler: ClassVar[str] = "ancestral"
    """"ancestral" or "ancestral-wide"."""
    iterations: ClassVar[int] = find_recipe(RECIPE).training.iterations
    """Of the network's training."""

    def _refuse_nonsense(self) -> None:
        super()._refuse_nonsense()
        if self.sampler not in NOISY:
            known = " or ".join(NOISY)
            raise FilmError(f"this film has no rule for the sampler '{self.sampler}': choose {known}")

    def storyboard(self) -> Storyboard:
        """The sections."""
        sections = {"noise": self.start_from_noise, "denoise": self.denoise, "judge": self.judge}
        return sections | ({"any shape": self.take_another_shape} if self.encore else {})

    # Runs.

    def runs(self) -> Collection[Any]:
        """All of the film's."""
        shown = (self.run_shown, self.truth(self.seed + 1))
        return (*shown, self.another) if self.encore else shown

    def recipe_of(self, name: str, **changes: Any) -> Any:
        """Also with this film's number of iterations."""
        recipe = super().recipe_of(name, **changes)
        if isinstance(recipe, DiffusionRecipe) and recipe.training is not None:
            training = dataclasses.replace(recipe.training, iterations=self.iterations)
            return dataclasses.replace(recipe, training=training)
        return recipe

    @cached_property
    def run_shown(self) -> Trajectory:
        """The particles' way, computed on first use."""
        return self.run_of(RECIPE, sampler=self.sampler)

    @property
    def turning_record(self) -> int:
        """The record at which signal and noise are to each other as 1 to 4."""
        levels = self.run_shown.series["levels"].values
        return int(np.argmax(levels[:, 1] >= levels[:, 2] / 4))

    # Section 1.

    def start_from_noise(self) -> None:
        """All particles, before anything has been done to them, and what will move them.

        Every dot is a Gaussian random number, and no data point is among them. The rule is DDPM's (Ho et al.,
        2020): a network guesses the clean point, the particle goes part of the way, and noise is added again.
        The card says how good the network is, measured with another sampler. Ask the students to bet when the
        shape will be seen: early, in the middle or late.
        """
        run = self.run_shown
        cloud, seen = self.cloud(run), [self.slider_of(run), self.time_of(run)]
        noise = f"{self.particles:,} particles of pure noise. Can they become {self.shape}?"
        self.beat("noise: start", noise, FadeIn(cloud), *map(FadeIn, seen))
        formula = self.on_board(denoising_rule(self.sampler, self.look, theme.FONT_BODY), 0.75)
        entries = ("what the network guesses: clean points", "learned", "square"), ("noise", "chance", "square")
        legend = self.on_board(Legend(entries), 0.75 + formula.height + 0.4)
        card = self.network_card(self.recipe_of(RECIPE).training, 1.5 + formula.height + legend.height)
        rule = "A network guesses the clean point; each step but the last adds noise."
        self.beat("noise: rule", rule, *map(FadeIn, (formula, legend, card)), pause=2.5)

    @property
    def shape(self) -> str:
        """The target in words."""
        return "a dinosaur" if self.target == DinosaurScene.target else "the target"

    # Section 2.

    def denoise(self) -> None:
        """The whole way, evenly in log-SNR, over the p_t of the same t.

        The clock runs evenly in the logarithm of signal to noise, because in plain t the part in which the
        shape appears would be over in an instant. Beneath the particles is the exact density of the same
        level. Ask who is steering: each particle follows the same network and knows nothing of the others, so
        the shape is only in the field. The last claim is measured: the distance to p against what two true
        samples have between them.
        """
        self.leave()
        run, clock = self.run_shown, ValueTracker(0)
        cloud, density = self.cloud(run), self.diffused_of(run)
        curve = self.on_board(distance_curve(run, self.zones.board_width, height=2.0), 0.9)
        live = [cloud, self.slider_of(run), self.time_of(run), curve]
        self.on_way(clock, run, *live)
        self.over_moments(clock, run, density)
        gone, whole = run.steps[self.turning_record], run.steps[-1]
        hardly = f"After {gone:,} of {whole:,} steps, signal to noise is 1 to 4. Beneath: $p_t$."
        self.beat("denoise: noise", hardly, FadeIn(cloud), FadeIn(density), *map(FadeIn, live[1:]))
        self.go(clock, float(shares(run)[self.turning_record]), 5, cloud)
        self.beat("denoise: shape", f"And now the remaining {whole - gone:,} steps.")
        self.go(clock, 1, 10, cloud)
        self.release(*live, density)
        self.beat("denoise: sample", self.arrival(), FadeOut(density))

    def arrival(self) -> str:
        """How the run ended, in words that its measurements bear out."""
        if self.settled(self.run_shown):
            return "Noise has become the target: as close to $p$ as a true sample."
        return "It is not yet $p$: true samples are closer to it."

    # Section 3.

    def judge(self) -> None:
        """Beside a fresh sample of the truth.

        Leave the question on the screen and take a vote before going on. One cloud is drawn from the target,
        the other began as noise, and both have the same number of points. The answer is a measurement, not an
        impression: a distance to p, beside the one that two true samples have. Ask what such a test cannot
        see: an error that is much smaller than its floor.
        """
        self.leave()
        made, true = self.pair()
        question = "One is a true sample, the other was noise. Which is which?"
        self.beat("judge: question", question, FadeIn(made), FadeIn(true), pause=3.0)
        names = self.names(made, true)
        distance = float(self.run_shown.series["distance"].values[-1])
        floor = float(self.run_shown.series["distance_floor"].values[0, 0])
        answer = f"From noise, it is {distance:.3f} from $p$; two true samples are {floor:.3f} apart."
        smaller = (shown.animate(run_time=1).scale(SHRUNK) for shown in (made, true))
        self.beat("judge: answer", answer, *smaller, *names)

    def pair(self) -> tuple[ParticleCloud, ParticleCloud]:
        """The particles at the end of their way, and as many true samples, at both sides of the frame."""
        run, truth = self.run_shown, self.truth(self.seed + 1)  # not the stream of the noise that they start from
        made, true = self.cloud(run).show(len(run.steps) - 1), self.cloud(truth)
        left, right = self.zones.stage_center[0] - self.zones.stage_side / 2, self.zones.board_right
        for cloud, edge in ((true, LEFT), (made, RIGHT)):
            cloud.scale(min(1.0, (right - left) / 2 / cloud.width))
            cloud.set_x(left if edge is LEFT else right, edge)
        return made, true

    def names(self, *clouds: Mobject) -> list[Any]:
        """What each is, above it, coming with a delay."""
        texts = ("made from noise", "learned"), ("a true sample", "exact")
        names = [standing(text, theme.FONT_BODY, getattr(self.look, role)) for text, role in texts]
        for name, cloud in zip(names, clouds, strict=True):
            above = cloud.get_center() + [0, SHRUNK * cloud.height / 2 + 0.1, 0]
            name.shift(above - [name.get_x(), 0, 0])
        return [late(FadeIn, name) for name in names]

    # Section 4.

    def take_another_shape(self) -> None:
        """The same with another target, and the line that does it.

        The rule has not changed, only the data, and with them the network. That is the point of generative
        modelling: nothing in the sampler knows about shapes. A film of your own target is the two lines on the
        screen; the network for it is trained on first use. Ask what would have to change for pictures instead
        of points in the plane: the size of the network and of its inputs, not the rule.
        """
        self.leave()
        run, clock = self.another, ValueTracker(0)
        cloud, live = self.cloud(run), [self.slider_of(run), self.time_of(run)]
        self.on_way(clock, run, cloud, *live)
        lines = "class Mine(DinosaurScene):", f'    target = "{self.encore}"'
        code = VGroup(*(words(f"#raw({json.dumps(line)})", theme.FONT_BODY) for line in lines))
        code.arrange(DOWN, buff=0.25, aligned_edge=LEFT)
        code[1].shift(4 / len(lines[0]) * code[0].width * RIGHT)  # spaces leave no ink to be arranged
        self.on_board(code, 1.0)
        caption = f"Another target, another network, the same rule in {ENCORE_STEPS} steps."
        self.beat("any shape: another", caption, FadeIn(cloud), *map(FadeIn, live), FadeIn(code))
        self.go(clock, 1, 6, cloud)
        self.release(cloud, *live)
        self.beat("any shape: yours", "Yours is next: a logo, a drawing, a list of points.")

    @cached_property
    def another(self) -> Trajectory:
        """The encore's run."""
        return self.run_of(RECIPE, target=self.encore, sampler=self.sampler, taken=ENCORE_STEPS)
