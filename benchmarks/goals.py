"""What is to be reached, and the functions of a benchmark's rows that tell how far it is.

A measure gives a number for each of what it looks at (a film, a seed, a sampler), under its name, or "" where
there is only one; nothing where the run was too small for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from benchmarks.tables import Row, rows_of

Measure: TypeAlias = Callable[[Sequence[Row]], dict[str, float]]


class Goal(NamedTuple):
    """A number and which side of it is good."""

    benchmark: str
    name: str
    sign: str  # ≤ or ≥
    limit: float
    measure: Measure

    def reached(self, measured: float) -> bool:
        return measured <= self.limit if self.sign == "≤" else measured >= self.limit


def column(table: str, name: str, by: str | None = None, **only: object) -> Measure:
    """A column's figures, named by another one's, of the rows that have all these values."""

    def measure(rows: Sequence[Row]) -> dict[str, float]:
        own = [row for row in rows_of(rows, table) if all(row[key] == value for key, value in only.items())]
        return {str(row[by]) if by else "": row[name] for row in own if row.get(name) is not None}

    return measure


def growth(
    table: str, name: str, along: str = "particles", by: str | None = None, sizes: tuple[int, int] | None = None
) -> Measure:
    """A column's figure at the larger of two sizes, by default the ends, over that at the smaller one."""

    def measure(rows: Sequence[Row]) -> dict[str, float]:
        lines: dict[str, dict[int, float]] = {}
        for row in rows_of(rows, table):
            if row.get("grows", along) == along and row[name] is not None:
                lines.setdefault(str(row[by]) if by else "", {})[row[along]] = row[name]
        ends = {line: sizes or (min(points), max(points)) for line, points in lines.items()}
        return {
            line: points[ends[line][1]] / points[ends[line][0]]
            for line, points in lines.items()
            if set(ends[line]) <= set(points) and ends[line][0] != ends[line][1]
        }

    return measure


def ours_over(name: str) -> Measure:
    """Of each stretch of film, a column with our encoder's settings over that with Manim's own."""

    def measure(rows: Sequence[Row]) -> dict[str, float]:
        of = {(row["film"], row["setting"]): row[name] for row in rows_of(rows, "encoder-stretches")}
        films = dict.fromkeys(film for film, _ in of)
        both = [film for film in films if {(film, MANIMS), (film, OURS)} <= of.keys()]
        return {film: of[film, OURS] / of[film, MANIMS] for film in both}

    return measure


def fortieth(rows: Sequence[Row]) -> dict[str, float]:
    """Of each seed, our strays after a fortieth of (b)'s time over (b)'s own."""
    share = {(row["what"], row["seed"]): row["beyond 0.1 sd, %"] for row in rows_of(rows, "training")}
    pairs = {seed: (share.get((FORTIETH, seed)), b) for (what, seed), b in share.items() if what.startswith("(b)")}
    return {f"seed {seed}": a / b for seed, (a, b) in pairs.items() if a is not None and b}


def law_over_floor(rows: Sequence[Row]) -> dict[str, float]:
    """Of each seed, how far the law of our longest training's distances is off, over what true samples are."""
    own = [row for row in rows_of(rows, "training") if row["what"] == "ours, 30 s"]
    return {f"seed {row['seed']}": row["law (KS)"] / row["floor"] for row in own}


def memory_by_steps(rows: Sequence[Row]) -> dict[str, float]:
    """Of each sampler and number of particles, the largest memory with most steps over that with fewest."""
    peaks: dict[str, dict[int, float]] = {}
    for row in rows_of(rows, "million"):
        peaks.setdefault(f"{row['sampler']}, {row['particles']:,}", {})[row["steps"]] = row[MEMORY]
    return {what: peak[max(peak)] / peak[min(peak)] for what, peak in peaks.items() if len(peak) > 1}


def largest_memory(rows: Sequence[Row]) -> dict[str, float]:
    """Of each sampler, the largest memory of any run."""
    own = rows_of(rows, "million")
    return {
        sampler: max(row[MEMORY] for row in own if row["sampler"] == sampler)
        for sampler in dict.fromkeys(row["sampler"] for row in own)
    }


MANIMS: Final = "preset=medium,crf=23"
OURS: Final = "preset=veryfast,crf=19,threads=2"
"""Encoder settings: Manim's own, and those of `scenes/encoding.py`."""
FORTIETH: Final = "ours, a fortieth of (b)'s time"
MEMORY: Final = "largest memory, MB"
PACE: Final = "µs per particle and step"

GOALS: Final = (
    # Nobody set one for ULA: this is what it was when it was written, so that a loss is seen.
    Goal("langevin", "ULA over its limit", "≤", 2.7, column("langevin", "ratio")),
    Goal("langevin", "pace, most particles over fewest", "≤", 1.2, growth("langevin-growth", PACE)),
    Goal("sampling", "sampling over its matrix products", "≤", 1.5, column("sampling", "ratio")),
    Goal("sampling", "pace, most particles over fewest", "≤", 1.2, growth("sampling-growth", PACE)),
    Goal("sampling", "pace, most steps over fewest", "≤", 1.2, growth("sampling-growth", PACE, "steps")),
    Goal("training", "strays over those of (b), in a fortieth of its time", "≤", 1.0, fortieth),
    *(
        Goal("training", f"strays after {time} s, %, seed", "≤", limit,
             column("training", "beyond 0.1 sd, %", "seed", what=f"ours, {time} s"))
        for time, limit in ((3, 0.5), (15, 0.15), (30, 0.1))
    ),
    Goal("training", "fewest samples of a point, over its share, seed", "≥", 0.5,
         column("training", "fewest", "seed", what="ours, 30 s")),
    Goal("training", "most samples of a point, over its share, seed", "≤", 2.0,
         column("training", "most", "seed", what="ours, 30 s")),
    Goal("training", "the distances' law over its floor", "≤", 1.0, law_over_floor),
    Goal("training", "strays of the spiral after 3 s, %, seed", "≤", 0.5,
         column("training-spiral", "beyond 3.5 thicknesses, %", "seed", what="ours, 3 s")),
    Goal("render", "VGroup of Dots over ParticleCloud", "≥", 100, column("render", "ratio")),
    Goal("render", "µs a particle, most over fewest", "≤", 1.2, growth("render-growth", "µs a particle")),
    Goal("encoder", "our settings over Manim's own, time", "≤", 0.8, ours_over("seconds")),
    Goal("encoder", "our settings over Manim's own, SSIM", "≥", 1.0, ours_over("ssim")),
    Goal("film", "film over Manim's own encoder", "≤", 1.15, column("film", "ratio", "film")),
    Goal("film", "-ql over the film's duration", "≤", 1.0, column("film-drafts", "over its duration", "film")),
    Goal("film", "from an edit to seeing it, s", "≤", 10, column("film-drafts", "edit to see s", "film")),
    Goal("explorer", "script and paint, ms a frame", "≤", 8, column("explorer", "script and paint ms", "what")),
    Goal("processes", "two processes on two cores, times as fast as one on one", "≥", 1.8,
         column("processes", "over one on one core")),
    Goal("million", "largest memory, MB", "≤", 1024, largest_memory),
    Goal("million", "largest memory, most steps over fewest", "≤", 1.1, memory_by_steps),
    Goal("million", "pace at a million over that at 100,000", "≤", 1.2,
         growth("million", PACE, by="sampler", sizes=(100_000, 1_000_000))),
    Goal("million", "pace at a million over that at 200,000", "≤", 1.2,  # of both, equally many are measured
         growth("million", PACE, by="sampler", sizes=(200_000, 1_000_000))),
)  # fmt: skip


def judged(results: dict[str, Sequence[Row]]) -> Iterator[Row]:
    """All goals of the benchmarks that ran, each beside what was measured."""
    for goal in GOALS:
        if goal.benchmark not in results:
            continue
        for what, measured in (goal.measure(results[goal.benchmark]) or {"": None}).items():
            yield {
                "benchmark": goal.benchmark,
                "what": f"{goal.name}: {what}" if what else goal.name,
                "measured": measured,
                "goal": f"{goal.sign} {goal.limit:g}",
                "reached": "not measured" if measured is None else "yes" if goal.reached(measured) else "no",
            }
