"""What may be changed about a film: its class attributes, and those of the films that it is made from."""

from __future__ import annotations

import ast
import difflib
import inspect
import textwrap
from typing import Any, NamedTuple


class Attribute(NamedTuple):
    """A class attribute that a subclass may change."""

    name: str
    default: Any
    meaning: str
    """What it takes, in a sentence; empty where its name says all."""


def attributes_of(kind: type[Any]) -> dict[str, Any]:
    """A film's attributes and their values, those of its own first, then what all films have.

    >>> from scenes.langevin import LangevinScene
    >>> list(attributes_of(LangevinScene))[:3], attributes_of(LangevinScene)["particles"]
    (['target', 'particles', 'steps'], 5000)
    """
    names: dict[str, None] = {}
    for parent in kind.__mro__:
        annotated = vars(parent).get("__annotations__", {})
        public = [name for name, of in annotated.items() if str(of).startswith("ClassVar") and name[0] != "_"]
        names |= dict.fromkeys(public)
    return {name: getattr(kind, name) for name in names}


def explained(kind: type[Any]) -> list[Attribute]:
    """A film's attributes with the words that stand beneath each in its class, or in the nearest parent's."""
    words: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        if "__annotations__" in vars(parent) and parent.__module__.startswith("scenes"):
            words |= _words_in(parent)
    return [Attribute(name, value, words.get(name, "")) for name, value in attributes_of(kind).items()]


def misspelt(kind: type[Any]) -> dict[str, str]:
    """Attributes of a user's own film that nobody reads, and those that were probably meant.

    >>> from scenes.langevin import LangevinScene
    >>> class Mine(LangevinScene):
    ...     __module__, partikles = "my_film", 500
    ...     colours = 3
    >>> misspelt(Mine)
    {'partikles': 'particles'}
    """
    own = [parent for parent in kind.__mro__ if parent.__module__.partition(".")[0] not in ("scenes", "manim")]
    known = attributes_of(kind)
    unread = [
        name
        for parent in own
        for name, value in vars(parent).items()
        if name[0] != "_" and not callable(value) and isinstance(value, (bool, int, float, str))
        if not any(name in vars(other) for other in kind.__mro__ if other not in own)
    ]
    near = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.7) for name in unread}
    return {name: found[0] for name, found in near.items() if found and name not in known}


def _words_in(kind: type[Any]) -> dict[str, str]:
    """The strings beneath the attributes of one class, which Python itself does not keep."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for line, beneath in zip(body.body, body.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            match beneath:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    found[line.target.id] = " ".join(text.split())
    return found
