"""`python -m scenes render`: which processes make the films that were asked for, and in which order."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from manim import config

from diffusion_core.errors import DiffusionError
from diffusion_core.recipe import Recipe, parameters_of
from scenes.attributes import misspelt
from scenes.farm import Task, run
from scenes.films import films, find_film, usual_films
from scenes.rendering import Order, chosen_themes, film_of, key_of, missing, shares_of, warnings_in
from scenes.storyboard import recipes_of, trajectories

SHARES: Final = 3
"""About so many times more tasks than processes; few enough that hardly any time is lost in going to a section,
and enough that no process has to wait for the last one for long."""


class NothingToRenderError(DiffusionError):
    """A command without a film."""


def render(
    names: Sequence[str], whole: bool, theme: str | None, quality: str, form: str, jobs: int, dry: bool
) -> int:
    """Make films, and say at the end which of them failed.

    Args:
        names: of scenes.
        whole: every film of the collection too, but those whose runs take gigabytes, which have to be named.
        theme: "dark", "light", "both", or None for the usual one.
        quality: a letter of `rendering.QUALITY`.
        form: one of `rendering.FORMATS`.
        jobs: processes at a time.
        dry: only say what would be done.

    Returns:
        The exit code: 0, or 1 if a film failed.

    Raises:
        NothingToRenderError: no film was named.
        UnknownFilmError: there is none of a name.
    """
    wanted = list(dict.fromkeys([*(usual_films() if whole else ()), *names]))
    if not wanted:
        raise NothingToRenderError(f"name a film, or say --all: there are {', '.join(films())}")
    orders = [Order(name, chosen, quality, form) for name in wanted for chosen in chosen_themes(name, theme)]
    for name in wanted:
        for own, meant in misspelt(find_film(name)).items():
            print(f"scenes: {name}: there is no attribute '{own}': did you mean '{meant}'?", file=sys.stderr)
    tasks, ends = plan(orders, jobs)
    if dry:
        for task in tasks:
            print(task.name)
        return 0
    start = time.monotonic()
    faults = run(tasks, jobs)
    failed = 0
    for order in orders:
        causes = {name: fault for name, fault in faults.items() if name in ends[order]}
        failed += bool(causes)
        for name, fault in causes.items():
            print(f"scenes: {order.name} FAILED at '{name}': {fault}", file=sys.stderr)
        told = [warning for task in tasks if task.name in ends[order] for warning in warnings_in(task.log)]
        if (only := find_film(order.scene).only) is not None:
            told.append(f"only = {only!r}: this is a draft of that alone")
        for warning in dict.fromkeys(told):
            print(f"scenes: {order.name}: {warning}", file=sys.stderr)
        if not causes:
            print(film_of(order))
    print(f"{len(orders) - failed} of {len(orders)} films, {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 1 if failed else 0


def plan(orders: Sequence[Order], jobs: int) -> tuple[list[Task], dict[Order, set[str]]]:
    """All tasks, in the order in which they should begin, and for each film the names of those that it needs.

    Runs come first, for sections wait for them. What is there already is left out.
    """
    total = sum(len(order.sections) for order in orders)
    longest = max(1, round(total / (SHARES * jobs)))
    computing: dict[str, Task] = {}
    drawing: list[Task] = []
    ends: dict[Order, set[str]] = {}
    memory: dict[Any, Any] = {}
    for order in orders:
        recipes = recipes_of(find_film(order.scene))
        runs = {recipe.key: _compute(recipe) for recipe in recipes if not recipe.path(trajectories()).exists()}
        computing |= {task.name: task for task in runs.values()}
        needed = frozenset(task.name for task in runs.values())
        shares = shares_of(order, longest)
        if len(shares) == 1:  # a process to join it would take longer to begin than to do so
            drawing.append(_film(order, needed))
            ends[order] = needed | {drawing[-1].name}
            continue
        parts = [_section(order, share, needed) for share in missing(order, shares, key_of(order, memory))]
        drawing += [*parts, _join(order, shares, frozenset(task.name for task in parts) | needed)]
        ends[order] = needed | {task.name for task in drawing if task.group == order.name}
    awaited = frozenset().union(*(task.after for task in computing.values()))
    first = sorted(computing.values(), key=lambda task: task.name not in awaited)
    return [*first, *drawing], ends


def _compute(recipe: Recipe) -> Task:
    words = ["diffusion_core", "compute", json.dumps(parameters_of(recipe)), f"--folder={trajectories()}"]
    training = getattr(recipe, "training", None)
    after = frozenset() if training is None else frozenset({f"compute {training.name}-{training.key}"})
    return _task(f"compute {recipe.name}-{recipe.key}", words, "runs", after)


def _film(order: Order, after: frozenset[str]) -> Task:
    return _task(f"draw {order.name}", ["scenes", "film", *order.arguments], order.name, after, keeps=True)


def _section(order: Order, share: Sequence[str], after: frozenset[str]) -> Task:
    words = ["scenes", "section", *order.arguments, "--", *share]
    return _task(f"draw {order.name}: {', '.join(share)}", words, order.name, after, keeps=True)


def _join(order: Order, shares: Sequence[Sequence[str]], after: frozenset[str]) -> Task:
    words = ["scenes", "join", *order.arguments, "--shares", *("+".join(share) for share in shares)]
    return _task(f"join {order.name}", words, order.name, after)


def _task(name: str, words: Sequence[str], group: str, after: frozenset[str], keeps: bool = False) -> Task:
    log = Path(config.get_dir("media_dir")) / "logs" / (re.sub(r"[^\w.-]+", "-", name) + ".log")
    return Task(name, words, log, group, after, keeps)
