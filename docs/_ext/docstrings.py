"""Our docstrings are plain sentences with formulas; Sphinx would take some of their signs for markup."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

CODE = re.compile(r"(`[^`]*`)")
PLURAL = re.compile(r"(`[^`]+`)(?=[A-Za-z])")
"""A word of code in the plural, `Dot`s, whose end reStructuredText would not find."""
SIGNS = re.compile(r"(?<!\\)[|*]|(?<=\w)_(?![\w`])")
"""Signs that stand for themselves: of a norm, of a product, and at the end of a name."""


def keep_signs(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    r"""Escape what is no markup, but in examples and in words of code.

    >>> lines = ["|x| of `a|b`, x*y and x_"]
    >>> keep_signs(None, "", "", None, None, lines)
    >>> print(*lines)
    \|x\| of `a|b`, x\*y and x\_
    """
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            parts = CODE.split(line)
            kept = [part if part.startswith("`") else SIGNS.sub(r"\\\g<0>", part) for part in parts]
            lines[number] = PLURAL.sub(r"\1\\ ", "".join(kept))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx, before Napoleon reads the docstrings."""
    app.connect("autodoc-process-docstring", keep_signs, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
