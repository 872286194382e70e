"""The errors a user can meet: each is one sentence that says what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable


class DiffusionError(Exception):
    """Base of all errors that are addressed to the user."""


class DistributionError(DiffusionError):
    """A target density that cannot be built: unknown name, unusable picture, width out of range."""


class SamplerError(DiffusionError):
    """A sampler that cannot run or that left the region where its numbers mean anything."""


class ScheduleError(DiffusionError):
    """A noise schedule that does not exist or whose values make no sense."""


class NetworkError(DiffusionError):
    """A network that cannot be built, trained or loaded: no PyTorch, weights of another architecture."""


class TrajectoryError(DiffusionError):
    """A trajectory file that is missing, damaged, foreign or newer than this program."""


class RecipeError(DiffusionError):
    """A recipe that does not exist or whose parameters make no sense."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to say of an unknown name.

    >>> suggestion("ulla", ["ula", "mala"])
    "did you mean 'ula'?"
    """
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(names)}"
