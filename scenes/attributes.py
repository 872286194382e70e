"""What may be changed about a film: its class attributes, and those of the films that it is made from."""

from __future__ import annotations

from typing import Any


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
