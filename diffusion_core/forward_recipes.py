"""The experiments that go from data to noise: what the forward process does, and what it leaves to be known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffusion_core.errors import RecipeError, suggestion
from diffusion_core.recipe import Recipe, finite_numbers

PROCESSES = ("kicks", "jumps", "guesses")


@dataclass(frozen=True)
class ForwardRecipe(Recipe):
    """Particles on their way from the data to noise, t = 0 … T, each t a record.

    Args:
        process: "kicks", the chain that goes from t − 1 to t; "jumps", x_t = α_t x₀ + σ_t ε with one ε for each
            particle at all t, whose drift and noise lead from x₀; or "guesses", E[x₀ | x_t] of these jumps.
        schedule: a name of `schedules.SCHEDULES`.
        schedule_options: what it takes, for example {"least": 0.05, "largest": 3.0}.
        steps: T.
        points: the data are so many points, drawn from the target once; 0 for the target itself.
        place: (x, y), of which is kept what it says of the clean point at each t, if the data are points.
        particles: number of particles; where the data are points, the first ones start one at each.
        moments: at about so many t, p_t and its score are kept.
        detailed: so many particles, the first ones, keep drift and noise.

    Raises:
        RecipeError: a parameter out of range.
    """

    computed_by: ClassVar[str] = "forward_run"

    target: str = "spiral"
    process: str = "kicks"
    schedule: str = "linear"
    schedule_options: Mapping[str, float] = field(default_factory=dict)
    steps: int = 100
    points: int = 0
    place: tuple[float, float] | None = None
    particles: int = 5000
    moments: int = 48
    detailed: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need_whole(steps=1, points=0, particles=2, moments=2, detailed=0)
        if self.process not in PROCESSES:
            hint = suggestion(str(self.process), PROCESSES)
            raise RecipeError(f"there is no forward process '{self.process}': {hint}")
        if self.process == "guesses" and not self.points:
            raise RecipeError("guesses are means over points: choose how many, such as points = 400")
        if self.place is not None:
            place = finite_numbers(self.place, 2)
            if place is None or not self.points:
                raise RecipeError(f"place = {self.place!r} says nothing: give two numbers (x, y), and points")
            object.__setattr__(self, "place", place)  # JSON makes a list of it

    @property
    def shape(self) -> tuple[int, int]:
        return self.steps + 1, self.particles
