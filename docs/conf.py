"""How Sphinx makes the documentation: `make docs` writes it to build/docs."""

import logging
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from scenes.theme import THEMES  # noqa: E402 (found only now)

logging.getLogger("manim").setLevel("WARNING")  # it would tell which configuration it reads

project = "Diffusion Visualizations"
author = "the authors of Diffusion Visualizations"
copyright = "its authors, MIT licence"
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "docstrings",
    "equations",
    "gallery",
    "mended",
    "typst_math",
]
exclude_patterns = ["_ext", "_static"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
math_numfig = False
highlight_language = "none"

# Names in single backticks, as our docstrings have them, are links where they name something of ours.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [
    (r"py:obj", r".*"),  # … and words of code where they do not
    (r"py:.*", r"(?!(diffusion_core|scenes)\.).*"),  # types of other libraries: links to them would ask a network
    (r"py:class", r".*\.(_\w+|Kernel|Drawn)"),  # private ones, and names of types
]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
_SHORT = "Array", "ArrayLike", "Denoiser", "Kernel", "Edges", "Metric", "ParsableManimColor"
autodoc_type_aliases = {name: name for name in _SHORT}
autodoc_default_options = {"members": True, "undoc-members": True}
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_domain_indices = False
html_math_renderer = "typst"
copybutton_exclude = ".linenos, .gp, .go"


def _colours(name: str) -> dict[str, str]:
    """A film's colours as variables of CSS, for formulas whose terms have the colours that they have in films."""
    look = THEMES[name]
    return {role: getattr(look, role) for role in ("exact", "chance", "particles", "learned", "mute")}


html_theme_options = {
    "light_css_variables": _colours("light") | {"chance": "#A65109"},  # the orange is too pale for text
    "dark_css_variables": _colours("dark") | {
        "color-background-primary": THEMES["dark"].paper,
        "color-brand-primary": THEMES["dark"].exact,
        "color-brand-content": THEMES["dark"].exact,
        "color-brand-visited": THEMES["dark"].particles,
    },
}  # fmt: skip
