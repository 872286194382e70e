"""`python -m scenes list`: which films there are, and what may be changed about each."""

from __future__ import annotations

import inspect
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scenes.attributes import explained
from scenes.base import FilmScene
from scenes.films import films, find_film, scenes_beside, sections_of, source_of
from scenes.output import typed


def list_all(console: Console) -> None:
    """What each film is about, and the scenes of one section that stand in its file."""
    table = _table("film", "what it tells")
    for name, kind in films().items():
        others = scenes_beside(kind)
        parts = f"; sections that are films of their own: {', '.join(others)}" if others else ""
        table.add_row(name, about(kind).rstrip(".") + parts)
    console.print(table)
    console.print(
        f"\n{typed('python -m scenes list SCENE')} tells what may be changed about one.", highlight=False
    )


def list_one(name: str, console: Console) -> None:
    """A film's sections and attributes, with their defaults.

    Raises:
        UnknownFilmError: there is no such scene.
    """
    kind = find_film(name)
    console.print(f"[bold]{name}[/]  {about(kind)}", highlight=False)
    if sections := sections_of(kind):
        console.print(f"sections: {', '.join(sections)}", highlight=False)
    table = _table("attribute", "default", "what it is")
    for attribute in explained(kind):
        table.add_row(attribute.name, Text(repr(attribute.default)), Text(attribute.meaning))
    console.print(table)
    stem = kind.__name__.removesuffix("Scene").lower()
    source = source_of(kind)
    shown = source.relative_to(Path.cwd()) if source.is_relative_to(Path.cwd()) else source
    console.print(f"\nrender it:      {typed(f'manim -qh {shown} {kind.__name__}')}", highlight=False)
    console.print(f"make it yours:  {typed(f'python -m scenes new my_{stem}.py --from {name}')}", highlight=False)


def about(kind: type[FilmScene]) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
