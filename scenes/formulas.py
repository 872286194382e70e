"""The rules on screen, one for each sampler of `diffusion_core.langevin` and `diffusion_core.diffusion`, in Typst.

`drift` and `noise` label the terms that take the colours of what p says and of chance, `guess` that of what a
network says.
"""

from __future__ import annotations

from manim import MathTypst

from scenes.mobjects.words import mathematics
from scenes.theme import Theme

_DRIFT = "{{ tau nabla log p(x_k) : drift }}"
_NOISE = "{{ + sqrt(2 tau) thin epsilon_k : noise }}"

RULES = {
    "ascent": f"x_(k+1) = x_k + {_DRIFT}",
    "ula": f"x_(k+1) = x_k + {_DRIFT} {_NOISE}",
    "mala": (
        f"y &= x_k + {_DRIFT} {_NOISE} \\ "
        "a &= (p(y) thin q(x_k|y)) / (p(x_k) thin q(y|x_k)) \\ "
        'x_(k+1) &= cases(y &thick "with probability" min(1, a), x_k &thick "otherwise")'
    ),
    "underdamped": (
        "v &= v_k + {{ h/2 nabla log p(x_k) : drift }}, quad h = sqrt(2 tau), thin kappa = e^(-gamma h) \\ "
        "x_(k+1) &= x_k + h/2 (1 + kappa) v {{ + h/2 sqrt(1 - kappa^2) thin epsilon_k : noise }} \\ "
        "v_(k+1) &= kappa v {{ + sqrt(1 - kappa^2) thin epsilon_k : kick }} "
        "{{ + h/2 nabla log p(x_(k+1)) : pull }}"
    ),
    "annealed": (
        "x_(k+1) = x_k + {{ tau_k nabla log p_(sigma_k)(x_k) : drift }} "
        "{{ + sqrt(2 tau_k) thin epsilon_k : noise }}"
    ),
}


STEPS = RULES | {
    "mala": f"y = x_k + {_DRIFT} {_NOISE}",
    "underdamped": (
        "x_(k+1) = x_k + {{ h/2 (1 + kappa) v : drift }} "
        "{{ + h/2 sqrt(1 - kappa^2) thin epsilon_k : noise }}"
    ),
}
"""What one iteration does to the position: the two displacements that a trajectory records, in one line."""


_CLEAN = "{{ hat(x)_0 (x_t) : guess }}"
_MEAN = f"(alpha_(t|s) sigma_s^2 thin x_t + alpha_s sigma_(t|s)^2 thin {_CLEAN}) / sigma_t^2"

DENOISING = {
    "ancestral": f"x_s = {_MEAN} {{{{ + (sigma_(t|s) sigma_s) / sigma_t thin epsilon : noise }}}}",
    "ancestral-wide": f"x_s = {_MEAN} {{{{ + sigma_(t|s) thin epsilon : noise }}}}",
}
"""From t to the next lower time s: `diffusion.ancestral` and `diffusion.ancestral_wide`."""


def denoising_rule(sampler: str, theme: Theme, font_size: float) -> MathTypst:
    """The sampler's step from t to s; KeyError where none stands in `DENOISING`."""
    return _coloured(DENOISING[sampler], theme, font_size)


def rule(sampler: str, theme: Theme, font_size: float) -> MathTypst:
    """The sampler's update, its terms coloured by what they are."""
    return _coloured(RULES[sampler], theme, font_size)


def step_rule(sampler: str, theme: Theme, font_size: float) -> MathTypst:
    """The position's way in one iteration: start, drift and noise."""
    return _coloured(STEPS[sampler], theme, font_size)


def _coloured(formula: str, theme: Theme, font_size: float) -> MathTypst:
    colours = {"drift": theme.exact, "pull": theme.exact, "noise": theme.chance, "kick": theme.chance,
               "guess": theme.learned}  # fmt: skip
    written = mathematics(formula, font_size, theme.ink)
    for label, colour in colours.items():
        if f": {label} }}}}" in formula:
            written.select(label).set_color(colour)
    return written
