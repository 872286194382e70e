"""What each checkpoint makes of the same noise, and how good the last one is."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import FadeIn, ValueTracker

from diffusion_core.observation import TOLERANCE, WINDOW
from scenes import theme
from scenes.clocks import late
from scenes.mobjects.live_curve import LiveCurve
from scenes.mobjects.particle_cloud import ParticleCloud
from scenes.training_sections.film import TrainingFilm

CLOSE = 0.1
"""A loss that is close to its floor lies above it by less than this share of it."""
LOST = 0.02
"""If no more of the samples are on the stage, they miss it."""


class SamplesSection(TrainingFilm):
    """Samples, loss and distance, checkpoint after checkpoint."""

    def draw_samples(self) -> None:
        """All of them from one noise.

        All checkpoints start from the same noise, so that what changes is the network alone. The loss has a
        floor above zero: even the exact answer cannot name the noise that was drawn, only its mean. Ask: if
        the loss is close to its floor, are the samples good? Let the students compare the loss with the share
        that strays before they answer. The network's answer divided by −σ_t is the score, and that is all that
        the samplers of the next film need.
        """
        self.leave(self.data)
        run, clock, cloud = self.training, ValueTracker(0), self.cloud(self.training)
        live = [cloud, self.counter(), *self.curves()]
        lost = bool(np.mean(np.abs(run.positions[0]).max(axis=1) < WINDOW) < LOST)
        self.beat(
            "samples: first",
            "Samples, always of one noise." + " The first network's miss the stage." * lost,
            self.bring(self.data, self.look.dimmed, theme.FADE),
            FadeIn(*live),
        )
        self.follow(clock, *live)
        self.run_clock(clock, self.slow, 2)
        i, said = self.half_way()
        self.beat("samples: on", self.what_is_left())
        self.run_clock(clock, i, 4)
        self.beat("samples: half", said, pause=2.0)
        self.judge(clock, *live)
        self.answer(live[2:])

    def what_is_left(self) -> str:
        """What a perfect network would still lose."""
        if "loss_floor" not in self.training.series:
            return "Loss and distance, checkpoint after checkpoint."
        floor = float(self.training.series["loss_floor"].values[0])
        return f"Even the exact answer has a loss of {floor:.2f}, for it is but a mean."

    def half_way(self) -> tuple[int, str]:
        """A checkpoint on the way, if possible where the loss has come near its floor, and what is there."""
        series = self.training.series
        loss, strays = series["loss"].values.ravel(), series["strays"].values.ravel()
        if "loss_floor" not in series:
            i = max(int(np.argmax(strays < 0.5)), (self.slow + len(strays)) // 2)  # broad shapes are hit at once
            return i, f"At iteration {self.training.steps[i]:,}, {strays[i]:.0%} of them stray."
        over = loss / float(series["loss_floor"].values[0]) - 1
        close = int(np.argmax(over < CLOSE)) if (over < CLOSE).any() else len(over) - 1
        i = max(close, self.slow)
        step = f"{self.training.steps[i]:,}"
        return i, f"At iteration {step} the loss is {over[i]:.0%} over its floor; {strays[i]:.0%} stray."

    def judge(self, clock: ValueTracker, cloud: ParticleCloud, *others: Any) -> None:
        """How good the last network is, as it was measured."""
        run = self.training
        strays, truth = float(run.series["strays"].values[-1]), float(run.series["strays_floor"].values[0, 0])
        self.beat(
            "samples: end",
            f"Trained as DDPM, sampled by Heun: {strays:.1%} stray; of true samples {truth:.1%}.",
        )
        self.run_clock(clock, len(run.steps) - 1, 3)
        self.release(cloud, *others)
        self.play(
            cloud.animate(run_time=1.2).set_opacity(0),
            self.data.animate(run_time=1.2).set_opacity(1),
        )
        self.play(
            cloud.animate(run_time=1.2).set_opacity(theme.DOT_OPACITY),
            self.data.animate(run_time=1.2).set_opacity(self.look.dimmed),
        )

    def answer(self, charts: list[LiveCurve]) -> None:
        """What it has learned, and what that is good for."""
        rule = self.learning("answer", 1.2)
        self.beat(
            "samples: answer",
            "It learns to name noise. Turned round, that is the way up.",
            *(self.fade_away(chart, theme.FADE / 2) for chart in charts),
            late(FadeIn, rule),
        )

    def curves(self) -> list[LiveCurve]:
        """Loss and distance over their floors."""
        series, steps = self.training.series, self.training.steps
        mean, deviation = series["distance_floor"].values[0]
        best = (float(series["loss_floor"].values[0]), 0.0) if "loss_floor" in series else None
        look = {"log": True, "log_steps": True, "steps_name": "iteration", "height": 1.6}
        learned = {"floor": best, "floor_name": "the exact answer", "color": self.look.learned}
        loss = self.curve(steps, series["loss"].values, "loss", 0.8, **learned, **look)
        floor = {"floor": (mean, TOLERANCE * deviation), "floor_name": "two true samples"}
        below, name = 0.8 + loss.height + 0.35, "distance of its samples to $p$"
        return [loss, self.curve(steps, series["distance"].values, name, below, **floor, **look)]
