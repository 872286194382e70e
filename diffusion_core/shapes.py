"""The named targets: shapes made of Gaussians along curves, and the one way to find a target by name or file.

Every shape fits the drawn window, the square [−3.15, 3.15]², and is an exactly normalised mixture, so that
its score, its diffused versions and its samples are exact as well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from diffusion_core.distributions import Array, Banana, Checkerboard, Distribution, GaussianMixture
from diffusion_core.errors import DistributionError, suggestion
from diffusion_core.inputs import read_points
from diffusion_core.pictures import PictureDensity

ASSETS = Path(__file__).resolve().parent.parent / "assets"
FACE_WIDTH = 1.2


def smiley(width: float = 0.15, eye_width: float = 0.2, face: float = 0.15) -> GaussianMixture:
    """Ring, two eyes and a mouth, over a faint broad face of mass `face`.

    Without the face, plain Langevin hardly ever crosses from one part to another: the masses then tell
    where the particles started, not what p says.

    >>> smiley().parts
    ('ring', 'left eye', 'right eye', 'mouth', 'face')
    """
    if not 0 <= face < 1:
        raise DistributionError(f"a face of mass {face} leaves nothing for the rest: choose 0 <= face < 1")
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    smile = np.linspace(1.19 * np.pi, 1.81 * np.pi, 500)
    parts = {
        "ring": (0.55 * (1 - face), along_curve(_arc(2.2, angle), width, closed=True)),
        "left eye": (0.09 * (1 - face), GaussianMixture.isotropic([[-0.75, 0.65]], eye_width)),
        "right eye": (0.09 * (1 - face), GaussianMixture.isotropic([[0.75, 0.65]], eye_width)),
        "mouth": (0.27 * (1 - face), along_curve(_arc(1.25, smile), width)),
        "face": (face, GaussianMixture.isotropic([[0.0, 0.0]], FACE_WIDTH)),
    }
    return GaussianMixture.of_parts({name: part for name, part in parts.items() if part[0] > 0})


def ring(radius: float = 2.0, width: float = 0.14) -> GaussianMixture:
    """A circle around the origin."""
    return along_curve(_arc(radius, np.linspace(0, 2 * np.pi, 2000, endpoint=False)), width, closed=True)


def spiral(turns: float = 2.0, width: float = 0.1) -> GaussianMixture:
    """An Archimedean spiral, even in arc length."""
    angle = np.linspace(0.25, turns, 4000) * 2 * np.pi
    return along_curve(_arc(1.0, angle) * (2.3 * angle / angle[-1])[:, None], width)


def two_moons(width: float = 0.14) -> GaussianMixture:
    """Two interlocking half circles, each with half of the mass."""
    angle = np.linspace(0, np.pi, 1000)
    upper, lower = _arc(1.5, angle) + [-0.75, -0.35], _arc(1.5, -angle) + [0.75, 0.35]
    return GaussianMixture.of_parts(
        {"upper moon": (0.5, along_curve(upper, width)), "lower moon": (0.5, along_curve(lower, width))}
    )


def eight_gaussians(radius: float = 2.0, width: float = 0.2) -> GaussianMixture:
    """Eight equal round Gaussians on a circle."""
    return GaussianMixture.isotropic(_arc(radius, np.arange(8) * np.pi / 4), width)


def dinosaur(width: float = 0.08) -> GaussianMixture:
    """142 Gaussians at the points of the Datasaurus (Matejka and Fitzmaurice 2017)."""
    return GaussianMixture.isotropic(read_points(ASSETS / "dinosaur.csv"), width)


def gaussian(width: float = 1.0) -> GaussianMixture:
    """One round Gaussian at the origin: everything about it is known in closed form."""
    return GaussianMixture.isotropic([[0.0, 0.0]], width)


def _arc(radius: float, angle: Array) -> Array:
    return np.asarray(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def along_curve(curve: Array, width: float, closed: bool = False) -> GaussianMixture:
    """Equal Gaussians along a curve, spaced by arc length at most one width apart.

    Args:
        curve: (n, 2) points of a fine polygon along the curve.
        width: standard deviation across the curve, in stage units.
        closed: whether the last point joins the first.
    """
    polygon = np.asarray(curve, float)
    if closed:
        polygon = np.vstack([polygon, polygon[:1]])
    travelled = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(polygon, axis=0), axis=1))])
    if not (np.isfinite(width) and width > 0):
        raise DistributionError(f"a curve of width {width} has no score: choose one above 0, such as 0.1")
    pieces = max(1, int(np.ceil(travelled[-1] / width)))
    stations = np.linspace(0, travelled[-1], pieces + 1)[: pieces if closed else pieces + 1]
    points = np.stack([np.interp(stations, travelled, polygon[:, axis]) for axis in range(2)], axis=1)
    return GaussianMixture.isotropic(points, width)


TARGETS: dict[str, Callable[..., Distribution]] = {
    "smiley": smiley,
    "ring": ring,
    "spiral": spiral,
    "two-moons": two_moons,
    "banana": Banana,
    "eight-gaussians": eight_gaussians,
    "checkerboard": Checkerboard,
    "dinosaur": dinosaur,
    "gaussian": gaussian,
}


def find_target(name: str | Path, /, **options: float) -> Distribution:
    """The density of a name in `TARGETS`, or of a picture (PNG, JPEG, SVG) or table of points (CSV) by path.

    Args:
        name: a name of `TARGETS`; or a path to a file.
        options: what that shape's function takes (widths, masses); `width`, `haze` and `dark` for pictures.

    Raises:
        DistributionError: neither a name nor a file, a file that makes no density, an option it has not.

    >>> find_target("ring", radius=1.0).extent
    1.56
    """
    path = Path(name)
    build: Callable[..., Distribution]
    if str(name) in TARGETS:
        build = TARGETS[str(name)]
    elif path.suffix.lower() == ".csv":
        build = partial(_mixture_of_points, path)
    elif path.suffix or path.exists():
        build = partial(PictureDensity.from_file, path)
    else:
        raise DistributionError(f"there is no target or picture '{name}': {suggestion(str(name), TARGETS)}")
    takes = inspect.signature(build).parameters
    for option in options:
        if option not in takes:
            raise DistributionError(f"the target '{name}' has no '{option}': it takes {', '.join(takes)}")
    return build(**options)


def _mixture_of_points(path: Path, width: float = 0.08) -> GaussianMixture:
    return GaussianMixture.isotropic(read_points(path), width)
