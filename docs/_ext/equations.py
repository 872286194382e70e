"""The directive `equation`: a numbered formula, the code that implements it, the tests that prove it."""

from __future__ import annotations

import ast
from functools import cache
from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent.parent


class Equation(SphinxDirective):
    """A formula in Typst's mathematics, which others refer to by its label, the argument.

    Options:
        code: what implements it, by full names.
        tests: what proves it, each as test_langevin.py::test_name, or scenes/test_… .
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"code": directives.unchanged_required, "tests": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Write the formula as one of Sphinx's, and beneath it where it lives."""
        label = self.arguments[0]
        formula = "\n".join(["```{math}", f":label: {label}", *self.content, "```"])
        code = [f"{{py:obj}}`{_short(name)} <{name}>`" for name in self.options["code"].split()]
        about = self.parse_text_to_nodes(f"{formula}\n\nCode: {', '.join(code)}")
        for part in about:
            if isinstance(part, nodes.paragraph):
                part["classes"].append("equation-code")
        return about + [part for test in self.options["tests"].split() for part in _proof(*test.split("::"))]


def _short(name: str) -> str:
    """The name with the module that it is in, without the folders of that."""
    parts = name.split(".")
    return ".".join(parts[next(i for i, part in enumerate(parts) if part not in _FOLDERS) :])


_FOLDERS = ("diffusion_core", "scenes", "mobjects")


def _proof(file: str, test: str) -> list[nodes.Node]:
    """A test's own lines, folded."""
    text, line = source_of(file, test)
    shown = nodes.literal_block(text, text, language="python", classes=["proof"])
    words = test.removeprefix("test_").replace("_", " ")
    head = f"<summary>Test: {escape(words)} <code>tests/{escape(file)}:{line}</code></summary>"
    opening = nodes.raw("", f'<details class="proof">{head}', format="html")
    return [opening, shown, nodes.raw("", "</details>", format="html")]


def source_of(file: str, test: str) -> tuple[str, int]:
    """The lines of a test, its parameters included, and the number of the first.

    Raises:
        KeyError: there is no such test.
    """
    text, tests = _tests_in(file)
    found = tests[test]
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return "\n".join(text[first - 1 : found.end_lineno]), first


@cache
def _tests_in(file: str) -> tuple[list[str], dict[str, ast.FunctionDef]]:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    body = ast.parse(text).body
    return text.splitlines(), {item.name: item for item in body if isinstance(item, ast.FunctionDef)}


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it known."""
    app.add_directive("equation", Equation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
