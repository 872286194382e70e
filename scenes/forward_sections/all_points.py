"""All points walk, until they are as close to noise as noise itself."""

from __future__ import annotations

from manim import FadeIn, ValueTracker

from diffusion_core.observation import TOLERANCE
from scenes import theme
from scenes.forward_sections.film import ForwardFilm, gone


class AllPointsSection(ForwardFilm):
    """The shape dissolves."""

    def dissolve_all(self) -> None:
        """All points over the exact p_t.

        No point knows of any other: each is shrunk and kicked by its own chance. The density beneath is not an
        estimate from the points but p_t itself, which can be written down: p is a sum of Gaussians, and a
        Gaussian that is shrunk and blurred is a Gaussian again. Nothing has been learned so far. Ask what the
        end still says about the beginning: next to nothing, and that is why one can later start from noise
        that never was data.
        """
        self.leave(self.kick_rule)  # if it stands there already
        run, clock = self.walk, ValueTracker(0)
        cloud, density = self.cloud(run), self.diffused_of(run)
        mean, deviation = run.series["to_noise_floor"].values[0]
        floor = {"floor": (mean, TOLERANCE * deviation), "floor_name": "two samples of noise"}
        curve = self.curve_of(run.series["to_noise"].values, "distance to noise", **floor)
        live = [cloud, self.time_of(run), self.slider_of(run), curve]
        self.beat(
            "all: dissolve",
            f"All {run.positions.shape[1]:,} points walk like this. Beneath: the exact $p_t$.",
            FadeIn(density, *live),
            self.bring(self.kick_rule, run_time=theme.FADE),
            pause=0.5,
        )
        self.on_way(clock, run, *live)
        self.over_moments(clock, run, density)
        self.go(clock, 1, 6, cloud)
        self.release(*live, density)
        self.beat("all: gone", self.outcome())

    def outcome(self) -> str:
        """What became of them, as it was measured."""
        if gone(self.walk) is None:
            return f"Some of the {self.thing} is left: two samples of noise are closer."
        return "As near to noise as two samples of it are to each other."
