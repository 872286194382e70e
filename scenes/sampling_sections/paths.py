"""One path from noise to data, ten of them, and all."""

from __future__ import annotations

from manim import FadeIn, FadeOut, ValueTracker

from scenes import theme
from scenes.charts import distance_curve
from scenes.mobjects.legend import Legend
from scenes.sampling_sections.film import NOT_YET, SamplingFilm

PATHS = 10
"""So many particles are followed at a time."""
FIELD = 0.8
"""Opacity of the arrows while they speak."""
ARRIVED = "They have become a sample: as close to $p$ as a true one."


class PathsSection(SamplingFilm):
    """The learned arrows, and where those who follow them end."""

    def follow_one_path(self) -> None:
        """A particle of pure noise, and the arrows that it meets.

        This is the sampler of DDPM (Ho et al., 2020) with a trained network. The arrows belong to the level at
        which the particle is now, so the field changes under its feet. Ask what is random here: the start and
        each kick; the arrows are the same for everybody. Let the students follow the path by eye and say from
        when on it has committed itself to a place.
        """
        run, clock = self.noisy, ValueTracker(0)
        one = self.hero(run.positions[:, [self.followed]], f"{run.hash}-{self.followed}", trail=self.steps)
        field = self.field_of(run, "followed", "learned")
        live = [one, self.time_of(run), self.slider_of(run)]
        self.beat("one path: noise", "One point of pure noise. How does it find its way?", FadeIn(*live))
        card = self.network_card(self.recipe_of("spiral-net"), 0.75)
        entries = [("its score, faint where weak at this $t$", "learned", "arrow")]
        legend = self.on_board(Legend(entries), 2.3)
        self.beat(
            "one path: arrows",
            "A network has learned an arrow for every place and every $t$.",
            FadeIn(field.set_opacity(FIELD), card, legend),
        )
        self.on_way(clock, run, *live)
        self.over_moments(clock, run, field)
        self.beat("one path: follow", "Step by step: along the arrow, outwards a little, and a random kick.")
        self.go(clock, 1, 7, one)
        self.release(*live, field)
        self.play(FadeIn(self.data), FadeOut(field))

    def follow_ten_paths(self) -> None:
        """Ten particles from the same law end in ten places.

        All of them have the same network and the same rule, and each ends in a place of its own. Ask when the
        decision falls: look for the time at which a path can no longer reach the other side. Trails and arrows
        are those of the run; nothing has been smoothed.
        """
        self.leave()
        run, clock = self.noisy, ValueTracker(0)
        ten = self.hero(run.positions[:, :PATHS], run.hash, trail=self.steps // 4)
        field = self.field_of(run, "followed", "learned").set_opacity(theme.TRACE)
        live = [ten, self.time_of(run), self.slider_of(run)]
        card = self.network_card(self.recipe_of("spiral-net"), 0.75)
        caption = f"{ten.particles} points of noise: each finds a place of its own."
        self.beat("ten paths: go", caption, FadeIn(field, *live, card))
        self.on_way(clock, run, *live)
        self.over_moments(clock, run, field)
        self.go(clock, 1, 6, ten)
        self.release(*live, field)
        self.play(FadeIn(self.data), FadeOut(field))

    def take_all(self) -> None:
        """All particles over p_t, and how far they are from p.

        The density beneath is exact at each level; the particles follow the network. Where the two come apart
        by more than chance, the network is wrong, or the steps are too large. The curve is the distance to p,
        and the band is what two true samples of the same size have between them. Ask what it would mean to be
        below the band: nothing, for a perfect sample lies in it.
        """
        self.leave()
        run, clock = self.noisy, ValueTracker(0)
        cloud, density = self.cloud(run), self.diffused_of(run)
        curve = self.on_board(distance_curve(run, self.zones.board_width, height=2.2), 0.9)
        live = [cloud, self.time_of(run), self.slider_of(run), curve]
        self.beat(
            "all: start", f"{run.positions.shape[1]:,} of them. Beneath: the exact $p_t$.", FadeIn(density, *live)
        )
        self.on_way(clock, run, *live)
        self.over_moments(clock, run, density)
        self.go(clock, 1, 7, cloud)
        self.release(*live, density)
        self.beat("all: arrived", ARRIVED if self.settled(run) else NOT_YET)
