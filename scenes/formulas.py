"""The rules on screen, one for each sampler of `diffusion_core.langevin` and `diffusion_core.diffusion`, in Typst.

`drift`, `pull` and `mean` label terms that take the colour of what p says, `noise` and `kick` that of chance,
`guess` that of what a network says, `point` that of particles, `clean` that of what is mute.
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
        "x_(k+1) = x_k + {{ h/2 (1 + kappa) v : drift }} {{ + h/2 sqrt(1 - kappa^2) thin epsilon_k : noise }}"
    ),
}
"""What one iteration does to the position: the two displacements that a trajectory records, in one line."""


_CLEAN = "{{ hat(x)_0 (x_t) : guess }}"
_MEAN = f"(alpha_(t|s) sigma_s^2 thin x_t + alpha_s sigma_(t|s)^2 thin {_CLEAN}) / sigma_t^2"

DENOISING = {
    "ancestral": f"x_s = {_MEAN} {{{{ + (sigma_(t|s) sigma_s) / sigma_t thin epsilon : noise }}}}",
    "ancestral-wide": f"x_s = {_MEAN} {{{{ + sigma_(t|s) thin epsilon : noise }}}}",
    "ancestral-mean": f"x_s = {_MEAN}",
}
"""From t to the next lower time s: `diffusion.ancestral` and its kin, the last of them without noise.

The last step, to s = 0, adds none; of `ancestral_wide` this is by decree.
"""


BETWEEN = "alpha_(t|s) = alpha_t / alpha_s, quad sigma_(t|s)^2 = sigma_t^2 - alpha_(t|s)^2 sigma_s^2"
"""What lies between the levels t and s, `schedules.step_between`."""

NOISY = ("ancestral", "ancestral-wide")
"""Those whose steps have a noise."""


LOG_SNR = r'"log-SNR" = log(alpha_t^2 \/ sigma_t^2)'
"""How much signal there is in the noise, `schedules.Level.log_snr`."""


FORWARD = {
    "kick": "x_t = {{ alpha_t / alpha_(t-1) thin x_(t-1) : drift }} {{ + sqrt(beta_t) thin epsilon : noise }}",
    "undo": "x_(t-1) = alpha_(t-1) / alpha_t thin (x_t {{ - sqrt(beta_t) thin epsilon : noise }})",
    "unknown": "x_(t-1) = alpha_(t-1) / alpha_t thin (x_t {{ - med ? : noise }})",
    "jump": (
        "mat(delim: #none, column-gap: #0.4em, row-gap: #0.7em, {{ x_t : point }}, =, "
        "{{ alpha_t thin x_0 : drift }}, {{ + : noise }}, {{ sigma_t thin epsilon : noise }}; "
        "{{ vec(inline(%.2f), inline(%.2f)) : point }}, =, "
        "{{ %.2f thin vec(inline(%.2f), inline(%.2f)) : drift }}, {{ + : noise }}, "
        "{{ %.2f thin vec(inline(%.2f), inline(%.2f)) : noise }})"
    ),
}
"""From data to noise: `diffusion.forward_kick`; the same solved for where the particle came from, with its noise
and where nobody has kept it; `diffusion.forward_jump`, beneath its terms the numbers of one jump, to fill in."""


IDEAL = {
    "noise": "{{ x : point }} = x_0 {{ + sigma thin epsilon : noise }}",
    "weights": "w_k prop exp(-abs(x - x_k)^2 / (2 sigma^2))",
    "guess": "{{ hat(x)_0 : mean }} = sum_k w_k thin x_k",
    "score": "{{ nabla log p_sigma (x) : drift }} = ({{ hat(x)_0 : mean }} - x) / sigma^2",
    "noisy": "{{ x_t : point }} = {{ alpha_t x_0 : drift }} {{ + sigma_t epsilon : noise }}",
    "posterior": "{{ p(x_0|x_t) prop exp(- norm(x_t - alpha_t x_0)^2 / (2 sigma_t^2)) : mean }}",
}
"""Of data that are points x_k under noise of width σ, with α = 1: `diffusion.posterior`, its mean, `score_of`.

Then with any α: where a noisy point comes from, and the same posterior.
"""

_ERROR = "1/2 norm({{ epsilon : noise }} - {{ hat(epsilon)(x_t, t) : guess }})^2"

LEARNING = {
    "score": "{{ nabla log p_t (x) : mean }}",
    "noising": "{{ x_t : point }} = {{ alpha_t x_0 : clean }} + {{ sigma_t epsilon : noise }}",
    "given": '"given" thick {{ x_t : point }} thick "and" thick t',
    "asked": '"wanted" thick {{ epsilon : noise }}',
    "loss": f'"loss" thick {_ERROR}',
    "answer": "{{ - (hat(epsilon)(x_t, t)) / sigma_t : guess }} approx {{ nabla log p_t (x_t) : mean }}",
    "mean loss": f'"mean of" thick {_ERROR}',
}
"""What is wanted, `diffusion.score_of`; and how a network comes to it: `diffusion.forward_jump`, what of it the
network is given and asked in `training.draw`, and the loss of one point and of a batch in `training.train`."""


def denoising_rule(sampler: str, theme: Theme, font_size: float) -> MathTypst:
    """The sampler's step from t to s; KeyError where none stands in `DENOISING`."""
    return coloured(DENOISING[sampler], theme, font_size)


def rule(sampler: str, theme: Theme, font_size: float) -> MathTypst:
    """The sampler's update, its terms coloured by what they are."""
    return coloured(RULES[sampler], theme, font_size)


def step_rule(sampler: str, theme: Theme, font_size: float) -> MathTypst:
    """The position's way in one iteration: start, drift and noise."""
    return coloured(STEPS[sampler], theme, font_size)


def coloured(formula: str, theme: Theme, font_size: float) -> MathTypst:
    """A formula whose labelled terms take the colours of what they are."""
    written = mathematics(formula, font_size, theme.ink)
    for label, colour in colours_of(theme).items():
        if f": {label} }}}}" in formula:
            written.select(label).set_color(colour)
    return written


def colours_of(theme: Theme) -> dict[str, str]:
    """Of each label that a term can have, its colour."""
    return {
        "drift": theme.exact, "pull": theme.exact, "mean": theme.exact, "noise": theme.chance,
        "kick": theme.chance, "guess": theme.learned, "point": theme.particles, "clean": theme.mute,
    }  # fmt: skip
