"""Formulas by Typst, as in the films: drawn for the eye, in MathML for those who listen; without any script.

A browser draws MathML well only where a font for mathematics is installed, so that it is there but not seen.
Terms may be labelled as on screen, `{{ tau nabla log p(x) : drift }}`, and take the colour of what they are.
"""

from __future__ import annotations

import re
from functools import cache

import typst
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

ROLES = {"drift": "exact", "pull": "exact", "mean": "exact", "noise": "chance", "kick": "chance",
         "guess": "learned", "point": "particles", "clean": "mute"}  # fmt: skip
"""The colour of each label, as in `scenes.formulas.coloured`."""
LABELLED = re.compile(r"\{\{ (.*?) : (\w+) \}\}", re.S)
PT_PER_EM = 11.0
"""At which Typst sets the formulas."""

# Typst draws fixed colours; these stand for those of the page until they are replaced.
STAND_INS = {role: f"#{number:02x}0000" for number, role in enumerate(sorted(set(ROLES.values())), 1)}


@cache
def drawing(formula: str, name: str) -> str:
    """The formula as SVG whose size follows the page's type, and its colours those of the page.

    Args:
        formula: a line or more of Typst's mathematics, with labelled terms.
        name: of the formula, unlike any other's on the page.
    """
    marked = LABELLED.sub(
        lambda term: f'text(fill: #rgb("{STAND_INS[ROLES[term[2]]]}"), {term[1]})', formula
    )  # fmt: skip
    source = (
        "#set page(width: auto, height: auto, margin: 1pt, fill: none)\n"
        f"#set text(size: {PT_PER_EM}pt)\n$ {marked} $"
    )
    svg = _compiled(source, "svg", formula)
    width = float(svg.partition(' width="')[2].partition('pt"')[0]) / PT_PER_EM
    svg = re.sub(r"<svg [^>]*?(viewBox=\"[^\"]+\")[^>]*>",
                 rf'<svg \1 style="width:{width:.2f}em" aria-hidden="true" focusable="false">',
                 svg, count=1)  # fmt: skip
    svg = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", svg)
    svg = svg.replace(' fill-rule="nonzero"', "").replace(' x="0" y="0"', "")
    glyphs = {glyph: f"{name}-{number}" for number, glyph in enumerate(re.findall(r'id="(\w+)"', svg))}
    svg = re.sub(r'(id="|#)(g\w+)(?=")', lambda found: found[1] + glyphs[found[2]], svg)
    svg = svg.replace("xlink:href", "href").replace('fill="#000000"', 'fill="currentColor"')
    for role, colour in STAND_INS.items():
        svg = svg.replace(f'"{colour}"', f'"var(--{role})"')
    return svg


@cache
def spoken(formula: str) -> str:
    """The formula as MathML."""
    plain = LABELLED.sub(r"\1", formula)
    page = _compiled(f"$ {plain} $", "html", formula)
    return page[page.index("<math") : page.rindex("</math>") + len("</math>")]


def _compiled(source: str, form: str, formula: str) -> str:
    try:
        return typst.compile(source.encode(), format=form).decode()
    except typst.TypstError as error:
        raise ExtensionError(f"Typst cannot set {formula!r}: {error}") from error


def block(page: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number."""
    number = get_node_equation_number(page, node) if node["number"] else ""
    formula = node.astext()
    own = re.sub(r"\W", "", node.get("label") or "") or f"f{abs(hash(formula))}"
    page.body.append(
        '<div class="formula">'  # its anchor is around it
        f'<div class="formula-lines">{drawing(formula, own)}<span class="unseen">{spoken(formula)}</span></div>'
    )
    if number:
        page.body.append(f'<span class="eqno">({number})')
        page.add_permalink_ref(node, "Link to this equation")
        page.body.append("</span>")
    page.body.append("</div>")
    raise nodes.SkipNode


def inline(page: HTML5Translator, node: nodes.math) -> None:
    """Refuse: within a sentence our formulas are plain text, as in docstrings."""
    raise ExtensionError(f"write {node.astext()!r} in plain text, as x ← x + τ ∇ log p(x), or on its own line")


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it a renderer of formulas."""
    app.add_html_math_renderer("typst", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
