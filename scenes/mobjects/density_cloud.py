"""From one dot to a million: dots that shrink as they become many, and end as a density, by one formula."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple, Self

import numpy as np
from manim import Mobject
from manim.utils.color import ParsableManimColor
from numpy.typing import ArrayLike, NDArray

from diffusion_core.mapped import forget
from scenes import theme
from scenes.mobjects.density_map import PixelBox
from scenes.mobjects.particle_cloud import EDGE, SMALLEST, ParticleCloud, core_of
from scenes.mobjects.raster import STAGE, PixelMap, Window, compiled

PHASES: Final = 16
"""A dot's place within its pixel is rounded to so many parts of it, once there are more dots than such places."""
CELLS: Final = 64
"""Across the window, to find the densest part of a cloud; fewer where they would hold less than 64 particles."""
TABLE: Final = 4096
"""Entries of the table from ink to cover."""


class Exposure(NamedTuple):
    """How a number of particles is drawn."""

    radius: float
    """Of a dot, in data units."""
    crowd: float
    """K, the dots expected over a point of the densest part."""
    ink: float
    """Of a dot, as a share of what it has alone."""
    shoulder: float
    """q: 0 where ink covers as dots over one another do, towards 1 where it saturates slowly."""


def exposure(count: float, peak: float, radius: float) -> Exposure:
    """The rule by which dots become a density.

    The dots of n particles have the radius R n^(−1/6): R = 0.06 for one, 0.0145 for 5,000, 0.006 for a million.
    Over a point of the densest part there are then K = n · peak · π r² = peak · π R² n^(2/3) of them.

    - K ≤ 1: single dots can be told apart, and each has its full ink.
    - K > 1: they cannot. Each has (1 + ln K)/K of its ink, so that the densest part gets hardly more than it has
      at K = 1, and ink measures density; and the shoulder opens, q = (1 − 1/K)².

    All is continuous at K = 1, and so are its slopes: nothing jumps there.

    Args:
        count: n.
        peak: density of the densest part, as a share of all particles in a unit of area.
        radius: R, of a dot that is alone, in data units.

    >>> exposure(1, 0.4, 0.06).radius, round(exposure(5000, 0.4, 0.06).radius, 4)
    (0.06, 0.0145)
    """
    n = max(count, 1.0)
    size = radius * n ** (-1 / 6)
    crowd = n * peak * math.pi * size**2
    over = max(crowd, 1.0)
    return Exposure(size, crowd, (1 + math.log(over)) / over, (1 - 1 / over) ** 2)


def cover_of(ink: ArrayLike, shoulder: float) -> NDArray[np.float64]:
    """Cover of a pixel on which so much ink lies: 1 − (1 + q·ink)^(−1/q), for q = 0 its limit 1 − e^(−ink).

    The ink of a dot of opacity a is −ln(1 − a): for q = 0 the inks of dots add up to the cover that Cairo gives
    to dots painted one over another. For q = 1 it is ink/(1 + ink), the response of a photoreceptor, which still
    tells apart what is far beyond saturation for the other.

    Source: Naka and Rushton (1966), "S-potentials from colour units in the retina of fish", as a transfer from
    counts to colours after Cottam, Lumsdaine and Wang (2013), "Overplotting: unified solutions under abstract
    rendering", which Datashader does too.

    >>> cover_of([0.0, 1.0], 1.0).tolist()
    [0.0, 0.5]
    """
    ink = np.asarray(ink, dtype=np.float64)
    return -np.expm1(-ink if shoulder == 0 else -np.log1p(shoulder * ink) / shoulder)


class DensityCloud(ParticleCloud):
    """The first `count` of particles at recorded positions, however many: as dots, or as a density.

    `positions` and `fingerprint` are those of `ParticleCloud`. A dot that is alone has the radius `radius`; with
    the count dots shrink, and by the rule of `exposure` they become a density without a jump. `peak` is the
    density of the densest part that is to be seen, as a share of all particles in a unit of area, such as p's
    maximum; by default it is measured on the last record. It is one for all records, so that equal densities look
    alike in all of them. `count` may be a fraction: the last particle then has that share of its ink. All dots
    have one colour and one opacity, `DOT_OPACITY`; `opacity` is that of the whole. A dot dims over the last
    `radius` before the window's border. Trails, pulses and single colours are not drawn.

    A record is read once from the first particle to the last drawn, in single precision, and what was read of a
    memory map is let go: memory does not grow with the records.

    >>> cloud = DensityCloud(np.zeros((3, 100, 2)))
    >>> cloud.count, cloud.set_count(10).exposure.radius < cloud.radius
    (100.0, True)

    Raises:
        ValueError: `positions` has another shape or no entries, or there are not so many particles.
    """

    def __init__(
        self,
        positions: NDArray[np.floating],
        *,
        count: float | None = None,
        peak: float | None = None,
        fingerprint: str | None = None,
        radius: float = theme.HERO_RADIUS,
        color: ParsableManimColor | None = None,
        opacity: float = 1.0,
        window: Window = STAGE,
        **kwargs: Any,
    ) -> None:
        look = {"radius": radius, "color": color, "opacity": opacity, "window": window}
        super().__init__(positions, fingerprint=fingerprint, **look, **kwargs)
        self.peak = densest(self.data.array[-1], self.window) if peak is None else float(peak)
        self.set_count(self.particles if count is None else count)

    def set_count(self, count: float) -> Self:
        """Choose how many particles are drawn, from 0 to all.

        Raises:
            ValueError: there are not so many.
        """
        if not 0 <= count <= self.particles * (1 + 1e-9):  # a tracker of log n overshoots by a rounding error
            raise ValueError(f"This cloud has {self.particles:,} particles, so it cannot draw {count:,.6g}.")
        self.count = min(float(count), float(self.particles))
        return self

    def set_colors(self, colors: ArrayLike) -> Self:
        """Refused: ink of two colours would not add up.

        Raises:
            ValueError: always.
        """
        raise ValueError("A density has one colour: use a ParticleCloud to colour single particles.")

    @property
    def exposure(self) -> Exposure:
        """How the particles are drawn now."""
        return exposure(self.count, self.peak, self.radius)

    def interpolate_color(self, mobject1: Mobject, mobject2: Mobject, alpha: float) -> Self:
        """As for every cloud; the count goes from one to the other in equal ratios."""
        super().interpolate_color(mobject1, mobject2, alpha)
        start, end = (math.log(max(cloud.count, 1e-3)) for cloud in (mobject1, mobject2))
        between = min(math.exp((1 - alpha) * start + alpha * end), self.particles)
        self.count = {0.0: mobject1.count, 1.0: mobject2.count}.get(alpha, between)
        self.peak = (1 - alpha) * mobject1.peak + alpha * mobject2.peak
        return self

    def draw(self, pixels: NDArray[np.uint8], to_pixels: PixelMap) -> None:
        """Add up the dots' ink, and paint the cover that it gives over `pixels`."""
        size, _, thinness, shoulder = self.exposure
        box = PixelBox.of(self.window, to_pixels, pixels.shape)
        radius = size * to_pixels.scale
        alpha = theme.DOT_OPACITY * min(1.0, radius / SMALLEST) ** 2
        core = core_of(max(radius, SMALLEST))
        half = max(math.ceil(core + EDGE / 2 - 0.5), 1)
        now, then, rest = self._neighbours(math.ceil(self.count))
        alone = len(now) <= PHASES**2
        if alone:
            with np.errstate(invalid="ignore"):  # what is infinite lies nowhere, and is not drawn
                within = (((1 - rest) * now + rest * then) @ to_pixels.matrix.T + to_pixels.offset) % 1
        else:
            within = (np.mgrid[:PHASES, :PHASES].reshape(2, -1).T[:, ::-1] + 0.5) / PHASES
        stamps = np.empty((len(within), 2 * half + 1, 2 * half + 1), dtype=np.float32)
        _cut(stamps, within, core, EDGE, alpha, thinness)
        # Dots just outside the picture reach into it, and none reaches beyond the ink.
        ink = np.zeros(tuple(box.high - box.low + 4 * half)[::-1], dtype=np.float32)
        last = self.count - len(now) + 1
        phases = 0 if alone else PHASES
        known = (0, 0, 0) if half == 1 else (0,)
        _pour(ink, now, then, rest, last, *to_pixels, box.low, self.window, self.radius, stamps, phases, known)
        forget(self.data.array)
        place = np.linspace(0.0, 1.0, TABLE, endpoint=False)
        covers = np.append(cover_of((place / (1 - place)) ** 2, shoulder), 1.0).astype(np.float32)
        rgb = 255.0 * np.clip(self.paint.array[0, :3], 0.0, 1.0)
        share = float(min(self.opacity, 1.0) * np.clip(self.paint.array[0, 3], 0.0, 1.0))
        _develop(pixels, ink, covers, rgb, share, box.low, box.high, 2 * half)

    def _neighbours(self, drawn: int) -> tuple[NDArray[np.floating], NDArray[np.floating], float]:
        """The drawn particles in the records before and after the moment, and how far between them it is."""
        first = math.floor(self.moment)
        rest, records = self.moment - first, self.data.array
        return records[first, :drawn], records[first + (rest > 0), :drawn], rest


def densest(positions: NDArray[np.floating], window: Window) -> float:
    """The largest share of the particles (n, 2) in a cell, for a unit of area; 1 if none is in the window."""
    seen = np.asarray(positions[np.isfinite(positions).all(axis=1)], dtype=np.float64)
    x_min, x_max, y_min, y_max = window
    side = int(np.clip(math.sqrt(len(seen)) / 8, 1, CELLS))
    counts = np.histogram2d(*seen.T, side, ((x_min, x_max), (y_min, y_max)))[0]
    share = float(counts.max()) / max(len(positions), 1)
    return share * side**2 / ((x_max - x_min) * (y_max - y_min)) if share > 0 else 1.0


@compiled
def _cut(
    stamps: NDArray[np.float32],
    within: NDArray[np.float64],
    core: float,
    edge: float,
    alpha: float,
    thinness: float,
) -> None:
    """Fill stamps with the ink of dots at places (n, 2) in the middle pixel, of the shape that `splat` draws."""
    across = stamps.shape[1]
    half, reach, inside = across // 2, core + edge / 2, max(core - edge / 2, 0.0)
    for i in range(stamps.shape[0]):
        u, v = within[i, 0], within[i, 1]
        for row in range(across):
            rise = (row - half + 0.5 - v) ** 2
            for column in range(across):
                square = (column - half + 0.5 - u) ** 2 + rise
                cover = 0.0
                if square < reach * reach:
                    cover = alpha
                    if square > inside * inside:
                        t = (core - math.sqrt(square)) / edge + 0.5
                        cover *= t * t * (3 - 2 * t)
                stamps[i, row, column] = -thinness * math.log1p(-cover)


@compiled
def _pour(
    ink: NDArray[np.float32],
    now: NDArray[np.floating],
    then: NDArray[np.floating],
    rest: float,
    last: float,
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    low: NDArray[np.int64],
    window: tuple[float, float, float, float],
    margin: float,
    stamps: NDArray[np.float32],
    phases: int,
    known: tuple[int, ...],
) -> None:
    """Add the ink of particles between two records, (n, 2) each, the last of them with a share of it.

    The stamp of a particle is that of its place within a pixel, in so many phases; for 0 each has its own. A
    `known` of three says that stamps are three pixels wide: this is compiled anew for it, without the other loops,
    and takes half the time.
    """
    height, width = ink.shape
    across = stamps.shape[1]
    half, count = across // 2, now.shape[0]
    across_x, across_y, down_x, down_y = matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1]
    shift_u, shift_v = offset[0] - low[0] + half, offset[1] - low[1] + half
    x_min, x_max, y_min, y_max = window
    for i in range(count):
        x, y = now[i, 0], now[i, 1]
        if rest > 0:
            x, y = x + rest * (then[i, 0] - x), y + rest * (then[i, 1] - y)
        border = min(min(x - x_min, x_max - x), min(y - y_min, y_max - y))
        if not border > 0:  # not a number: not drawn either
            continue
        u = across_x * x + across_y * y + shift_u
        v = down_x * x + down_y * y + shift_v
        left, top = math.floor(u), math.floor(v)
        if left < 0 or top < 0 or left + across > width or top + across > height:
            continue
        share = border / margin if border < margin else 1.0
        if i == count - 1:
            share *= last
        drop = np.float32(share)  # in double precision, the sum below takes half as long again
        k = i
        if phases > 0:
            k = int((v - top) * phases) * phases + int((u - left) * phases)
        if len(known) == 3:
            for row in range(3):
                for column in range(3):
                    ink[top + row, left + column] += drop * stamps[k, row, column]
        else:
            for row in range(across):
                for column in range(across):
                    ink[top + row, left + column] += drop * stamps[k, row, column]


@compiled
def _develop(
    pixels: NDArray[np.uint8],
    ink: NDArray[np.float32],
    covers: NDArray[np.float32],
    rgb: NDArray[np.float64],
    share: float,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    pad: int,
) -> None:
    """Paint over each pixel the cover that its ink gives, looked up at √ink/(1 + √ink)."""
    entries = covers.shape[0] - 1
    red, green, blue = rgb
    for row in range(low[1], high[1]):
        for column in range(low[0], high[0]):
            amount = ink[row - low[1] + pad, column - low[0] + pad]
            if amount <= 0:
                continue
            root = math.sqrt(amount)
            place = entries * root / (1 + root)
            k = int(place)
            cover = share * (covers[k] + (place - k) * (covers[k + 1] - covers[k]))
            keep = 1 - cover
            pixels[row, column, 0] = int(red * cover + pixels[row, column, 0] * keep + 0.5)
            pixels[row, column, 1] = int(green * cover + pixels[row, column, 1] * keep + 0.5)
            pixels[row, column, 2] = int(blue * cover + pixels[row, column, 2] * keep + 0.5)
            pixels[row, column, 3] = int(255.0 * cover + pixels[row, column, 3] * keep + 0.5)
