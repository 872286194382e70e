"""What theme and Sphinx leave undone for those who use a keyboard or a screen reader, set right in every page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

MENDED: Final = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="This page">',
    '<th class="head"><p></p></th>': "<td></td>",
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',  # as wide ones are, and
    "<pre>": '<pre tabindex="0">',  # lines of code: they are scrolled
}


def mend(app: Sphinx, error: Exception | None) -> None:
    """Put one for the other in the pages that were written."""
    if error is None and app.builder.format == "html":
        for page in Path(app.outdir).rglob("*.html"):
            before = text = page.read_text(encoding="utf-8")
            for found, instead in MENDED.items():
                text = text.replace(found, instead)
            if text != before:
                page.write_text(text, encoding="utf-8")


def forget_what_has_no_source(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep `viewcode` from linking to pages of modules that have none, such as those written in C."""
    modules = getattr(env, "_viewcode_modules", {})
    for name in [name for name, entry in modules.items() if not entry]:
        del modules[name]
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """After all that writes pages."""
    app.connect("build-finished", mend)
    app.connect("env-updated", forget_what_has_no_source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
