"""Laws of `diffusion_core.pictures`: closed forms, quadrature and differences on pictures drawn here."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import chisquare, norm

from diffusion_core.errors import DistributionError
from diffusion_core.inputs import read_ink, read_points
from diffusion_core.pictures import PictureDensity

HAZE_VARIANCE = 1.2**2


def mark(size=48):
    """An asymmetric mark with a grey part: a ring, a bar and a pale block, (size, size)."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    ink = (np.abs(np.hypot(x - 0.35, y - 0.4) - 0.25) < 0.06).astype(float)
    ink[(np.abs(x - 0.85) < 0.07) & (y > 0.2)] = 1.0
    ink[(np.abs(y - 0.85) < 0.1) & (x < 0.5)] = 0.4
    return ink


def save_grey(path, ink):
    Image.fromarray(np.round(255 * (1 - ink)).astype(np.uint8)).save(path)
    return path


def midpoints(low, high, count):
    """Points and area of the midpoint rule on a square, (count, count, 2) with x along axis 0."""
    side = (high - low) / count
    axis = low + side * (np.arange(count) + 0.5)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1), side**2


def refused(call, *words):
    with pytest.raises(DistributionError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize(("width", "haze"), [(0.03, 0.1), (0.08, 0.0), (0.08, 0.1), (0.3, 0.6), (0.5, 0.1)])
def test_integral_is_one(width, haze):
    # Midpoints 0.012 apart, on purpose no divisor of the knots' spacing; beyond 9.1 lies less than e^-28.
    points, area = midpoints(-9.1, 9.1, 1517)
    mass = area * np.exp(PictureDensity(mark(), width, haze).log_prob(points)).sum()
    assert mass == pytest.approx(1, abs=1e-7)  # the library's own rule has 4 × 4 points a cell


@pytest.mark.parametrize(("width", "haze"), [(0.05, 0.1), (0.08, 0.3), (0.3, 0.1)])
def test_rectangle_has_its_closed_form_and_keeps_its_aspect(width, haze):
    ink = np.zeros((30, 50))
    ink[3:13, 20:40] = 0.7  # 2:1, off centre, pale: none of it may matter
    x = np.random.default_rng(0).uniform(-3.5, 3.5, (2000, 2))
    half = np.array([2.4, 1.2])
    sides = (norm.cdf((x + half) / width) - norm.cdf((x - half) / width)) / (2 * half)
    p = (1 - haze) * sides.prod(axis=1) + haze * norm.pdf(x, scale=1.2).prod(axis=1)
    # Cubic interpolation at h = width/6: 5/384 h⁴ times a fourth derivative of some width⁻⁴, so some 1e-5.
    np.testing.assert_allclose(PictureDensity(ink, width, haze).log_prob(x), np.log(p), atol=5e-5)


@pytest.mark.parametrize("haze", [0.0, 0.1])
def test_score_is_the_derivative_of_log_prob(haze):
    p = PictureDensity(mark(), haze=haze)
    x = np.random.default_rng(1).uniform(-4, 4, (3000, 2))
    step = 1e-5  # across a knot the third derivative jumps, at most ~1e4: an error of step² · 1e4 = 1e-6
    for axis, shift in enumerate(step * np.eye(2)):
        near = p.log_prob(x + shift) - p.log_prob(x - shift)
        far = p.log_prob(x + 2 * shift) - p.log_prob(x - 2 * shift)
        np.testing.assert_allclose(p.score(x)[:, axis], (8 * near - far) / (12 * step), atol=2e-5)


@pytest.mark.parametrize(("width", "haze"), [(0.03, 0.1), (0.08, 0.0), (0.08, 0.1), (0.3, 0.1)])
def test_outside_p_is_the_hazes_gaussian_and_the_join_is_smooth(width, haze):
    p = PictureDensity(mark(), width, haze)
    reach = 2.4 + width * np.arange(11, 14, 0.01)  # across the border of the grid
    far = p.log_prob([1e3, 0.0]) + 1e6 / (2 * HAZE_VARIANCE)
    # Interpolation moves less than 1e-6 of the mass: the tail is the haze's share of a Gaussian.
    assert far == pytest.approx(np.log(max(haze, 1e-9) / (2 * np.pi * HAZE_VARIANCE)), abs=1e-6)
    for direction in [(1, 0.3), (-1, 1), (0.2, -1)]:
        x = reach[:, None] * np.array(direction)
        constant = p.log_prob(x) + (x**2).sum(axis=1) / (2 * HAZE_VARIANCE)
        np.testing.assert_allclose(constant, far, atol=1e-9, rtol=0)
        np.testing.assert_allclose(p.score(x), -x / HAZE_VARIANCE, atol=1e-9 / width, rtol=0)


def test_far_out_everything_is_finite_and_right():
    p = PictureDensity(mark(), haze=0.2)
    x = 1e6 * np.array([[1.0, 0.0], [-0.6, 0.8]])
    np.testing.assert_allclose(p.score(x), -x / HAZE_VARIANCE, rtol=1e-14)
    gaussian = np.log(0.2 / (2 * np.pi * HAZE_VARIANCE)) - 1e12 / (2 * HAZE_VARIANCE)
    np.testing.assert_allclose(p.log_prob(x), gaussian, rtol=1e-15, atol=1e-4)  # float64 near 1e11
    assert np.isnan(p.log_prob([np.nan, 0.0]))


@pytest.mark.parametrize(("width", "haze"), [(0.08, 0.1), (0.05, 0.0), (0.2, 0.6)])
def test_samples_follow_p_by_chi_squared(width, haze):
    p, n, bins, inner = PictureDensity(mark(), width, haze), 60_000, 30, 30
    points, area = midpoints(-6, 6, bins * inner)  # with haze 0.6 hundreds of samples fall beyond the grid
    masses = np.exp(p.log_prob(points)).reshape(bins, inner, bins, inner).sum(axis=(1, 3)) * area
    x = p.sample(n, np.random.default_rng(2))
    counts, _, _ = np.histogram2d(*x.T, bins=bins, range=[[-6, 6], [-6, 6]])
    expected = n * masses.ravel()
    big = expected >= 5
    observed = np.append(counts.ravel()[big], n - counts.ravel()[big].sum())
    expected = np.append(expected[big], n - expected[big].sum())
    big = expected >= 5  # the pooled rest too: with little haze it is nearly nothing
    observed, expected = observed[big], expected[big] * observed[big].sum() / expected[big].sum()
    assert chisquare(observed, expected).pvalue > 1e-3


def test_samples_beyond_the_grid_follow_the_gaussian():
    n = 100_000
    x = PictureDensity(mark(), haze=0.6).sample(n, np.random.default_rng(3))
    edges = np.array([3.4, 3.6, 3.8, 4.1, 4.5, np.inf])  # the grid ends at 3.36
    inside = (2 * norm.cdf(edges / 1.2) - 1) ** 2
    expected = n * 0.6 * np.diff(inside)
    expected = np.append(expected, n - expected.sum())
    observed = np.histogram(np.abs(x).max(axis=1), edges)[0]
    assert expected.min() >= 5
    assert chisquare(np.append(observed, n - observed.sum()), expected).pvalue > 1e-3


@pytest.mark.parametrize(("width", "haze"), [(0.08, 0.0), (0.08, 0.1), (0.3, 0.6)])
def test_envelope_of_the_rejection_lies_nowhere_below_p(width, haze):
    p = PictureDensity(mark(), width, haze)
    x, log_envelope = p._propose(300_000, np.random.default_rng(11))
    assert np.all(p.log_prob(x) <= log_envelope + 1e-12)


def test_sampling_is_independent_of_everything_but_the_generator():
    p = PictureDensity(mark())
    first, again = (p.sample(1000, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first, again)
    correlation = np.corrcoef(first[:-1, 0], first[1:, 0])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(1000)
    assert p.sample(0, np.random.default_rng(4)).shape == (0, 2)


@pytest.mark.parametrize(("width", "haze"), [(0.05, 0.1), (0.08, 0.1), (0.3, 0.4)])
def test_smoothness_bounds_the_curvature_and_keeps_the_convolutions_bound(width, haze):
    p = PictureDensity(mark(), width, haze)
    x = np.vstack([p.sample(4000, np.random.default_rng(5)), midpoints(-3.2, 3.2, 100)[0].reshape(-1, 2)])
    step = 1e-5
    hessian = np.stack(
        [(p.score(x + shift) - p.score(x - shift)) / (2 * step) for shift in step * np.eye(2)], axis=1
    )
    steepest = np.linalg.eigvalsh(-(hessian + hessian.swapaxes(1, 2)) / 2).max()
    assert steepest <= p.smoothness
    # −∇² log p ≤ I/w² for all blurs by N(0, w²), the haze too; a tenth is granted to the interpolation.
    assert p.smoothness <= 1.1 / width**2


@pytest.mark.parametrize("haze", [0.0, 0.1, 0.9])
def test_extent_holds_practically_all_mass(haze):
    p = PictureDensity(np.ones((40, 60)), haze=haze)
    outside = np.linalg.norm(p.sample(50_000, np.random.default_rng(6)), axis=1) > p.extent
    assert outside.mean() <= 2e-3 * haze
    assert p.extent == pytest.approx(4.8 if haze else np.hypot(2.4, 1.6) + 4 * 0.08)


def test_shapes_follow_the_input_and_long_batches_equal_single_points():
    p = PictureDensity(mark())
    x = np.random.default_rng(7).uniform(-3, 3, (3, 7001, 2))
    assert (p.log_prob(x).shape, p.score(x).shape) == ((3, 7001), (3, 7001, 2))
    assert (p.log_prob(x[0, 0]).shape, p.score(x[0, 0]).shape) == ((), (2,))
    assert p.score(np.empty((0, 2))).shape == (0, 2)
    for place in [(0, 0), (1, 1191), (2, 7000)]:
        np.testing.assert_allclose(p.log_prob(x)[place], p.log_prob(x[place]), rtol=1e-12)
        np.testing.assert_allclose(p.score(x)[place], p.score(x[place]), rtol=1e-9)


def test_quadrants_hold_the_ink_of_their_quarter_of_the_picture(tmp_path):
    ink = np.zeros((40, 40))
    ink[:20, :20] = ink[:20, 30:] = ink[30:, :10] = 1  # top left 400 pixels, top right 200, bottom left 100
    p = PictureDensity.from_file(save_grey(tmp_path / "mark.png", ink), width=0.03, haze=0.1)
    points, area = midpoints(-7.2, 7.2, 1200)
    mass = area * np.exp(p.log_prob(points)).reshape(2, 600, 2, 600).sum(axis=(1, 3))  # [x > 0, y > 0]
    assert mass[0, 1] > mass[1, 1] > mass[0, 0] > mass[1, 0]
    # The edges of the top left block lie on both axes: a share of width/√(2π) a side of 2.4 leaks across.
    leak = 0.9 * 4 / 7 * 2 * 0.03 / np.sqrt(2 * np.pi) / 2.4
    expected = 0.025 + 0.9 / 7 * np.array([[1, 4], [0, 2]])
    np.testing.assert_allclose(mass, expected, atol=1.1 * leak)


def test_density_depends_on_neither_pixel_count_nor_margin(tmp_path):
    x = np.random.default_rng(8).uniform(-4, 4, (2000, 2))
    small = PictureDensity(mark(32)).log_prob(x)
    finer = np.kron(mark(32), np.ones((4, 4)))
    np.testing.assert_allclose(PictureDensity(finer).log_prob(x), small, atol=1e-9)
    np.testing.assert_allclose(PictureDensity(np.pad(mark(32), (3, 9))).log_prob(x), small, atol=1e-12)
    black = (mark(32) == 1).astype(float)
    huge = read_ink(save_grey(tmp_path / "huge.png", np.kron(black, np.ones((100, 100)))))
    assert huge.shape == (1600, 1600)
    np.testing.assert_allclose(PictureDensity(huge).log_prob(x), PictureDensity(black).log_prob(x), atol=1e-9)


def test_grain_of_the_paper_makes_no_mass():
    x = np.random.default_rng(9).uniform(-4, 4, (500, 2))
    grain = np.maximum(mark(), 0.03)
    assert np.array_equal(PictureDensity(grain).log_prob(x), PictureDensity(mark()).log_prob(x))


def grey_ramp():
    """Five greys on white, as 8-bit lightness, and the ink they mean."""
    grey = np.full((6, 7), 255, np.uint8)
    grey[2, 1:6] = [0, 51, 102, 153, 204]
    return grey, 1 - grey / 255


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_of_a_grey_picture_has_the_same_ink(tmp_path, mode):
    grey, ink = grey_ramp()
    path = tmp_path / ("grey.tif" if mode == "CMYK" else "grey.png")
    image = Image.fromarray(grey)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    assert image.mode == mode
    image.save(path)
    np.testing.assert_allclose(read_ink(path), ink, atol=1 / 255)


def test_a_bilevel_picture_is_all_ink_or_none(tmp_path):
    black = grey_ramp()[0] < 128
    Image.fromarray(~black).save(tmp_path / "bits.png")
    assert Image.open(tmp_path / "bits.png").mode == "1"
    assert np.array_equal(read_ink(tmp_path / "bits.png"), black)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_weighs_the_ink_and_hides_what_lies_under_it(tmp_path, mode):
    alpha = np.zeros((5, 6), np.uint8)
    alpha[2, 1:4] = [255, 255, 0] if mode == "P" else [255, 102, 0]
    black = Image.fromarray(np.zeros((5, 6), np.uint8))
    if mode == "P":
        Image.fromarray(255 - alpha).convert("P").save(tmp_path / "a.png", transparency=255)
    else:
        black.putalpha(Image.fromarray(alpha))
        black.convert(mode).save(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").mode == mode
    np.testing.assert_allclose(read_ink(tmp_path / "a.png"), alpha / 255, atol=1e-12)


def test_averaging_weighs_colours_by_their_alpha(tmp_path):
    rgba = np.zeros((1700, 1700, 4), np.uint8)
    rgba[600:1000, 600:1000] = [0, 0, 0, 255]
    rgba[600:1000, 601:1000:2] = [255, 255, 255, 0]  # every other column is clear: half the ink, not white
    Image.fromarray(rgba).save(tmp_path / "stripes.png")
    ink = read_ink(tmp_path / "stripes.png")
    assert ink.shape == (850, 850)
    np.testing.assert_allclose(ink[300:500, 300:500], 0.5, atol=1 / 255)


@pytest.mark.parametrize(("colour", "luma"), [("red", 0.2126), ("lime", 0.7152), ("blue", 0.0722)])
def test_lightness_of_colours_is_rec_709(tmp_path, colour, luma):
    image = Image.new("RGB", (5, 5), "white")
    image.putpixel((2, 2), Image.new("RGB", (1, 1), colour).getpixel((0, 0)))
    image.save(tmp_path / "c.png")
    assert read_ink(tmp_path / "c.png")[2, 2] == pytest.approx(1 - luma, abs=1e-12)


def test_exif_orientation_is_obeyed(tmp_path):
    ink = grey_ramp()[1]
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90° clockwise
    Image.fromarray(grey_ramp()[0]).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_allclose(read_ink(tmp_path / "turned.png"), np.rot90(ink, -1), atol=1e-12)


def test_dark_mode_of_a_negative_is_the_picture(tmp_path):
    positive = read_ink(save_grey(tmp_path / "positive.png", mark()))
    negative = read_ink(save_grey(tmp_path / "negative.png", 1 - mark()), dark=True)
    np.testing.assert_allclose(negative, positive, atol=1e-12)


def test_white_drawing_on_nothing_needs_dark(tmp_path):
    image = Image.new("RGBA", (20, 20), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (5, 5, 15, 10))
    image.save(tmp_path / "logo.png")
    refused(lambda: read_ink(tmp_path / "logo.png"), "logo.png", "dark=True")
    assert read_ink(tmp_path / "logo.png", dark=True).sum() == pytest.approx(50)


SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">
<rect x="2" y="3" width="10" height="14"/><circle cx="28" cy="9" r="7"/></svg>"""


def test_svg_equals_the_same_shapes_in_pixels(tmp_path):
    (tmp_path / "shapes.svg").write_text(SVG)
    y, x = (np.mgrid[:400, :800] + 0.5) / 20
    ink = ((np.abs(x - 7) < 5) & (np.abs(y - 10) < 7)) | (np.hypot(x - 28, y - 9) < 7)
    pixels = PictureDensity.from_file(save_grey(tmp_path / "shapes.png", ink.astype(float)))
    drawn = PictureDensity.from_file(tmp_path / "shapes.svg")
    points, area = midpoints(-3, 3, 300)
    # A pixel is 0.006 wide; half of one around shapes of a perimeter of 11 and an area of 8 moves 0.4 %.
    difference = np.abs(np.exp(drawn.log_prob(points)) - np.exp(pixels.log_prob(points))).sum() * area
    assert difference < 0.02


def test_svg_of_any_proportions_stays_small(tmp_path):
    tall = SVG.replace("0 0 40 20", "0 0 40 400")
    (tmp_path / "tall.svg").write_text(tall.replace("</svg>", '<rect width="40" height="400"/></svg>'))
    assert max(read_ink(tmp_path / "tall.svg").shape) == 1000


@pytest.mark.parametrize("family", ["DejaVu Sans", "No Such Face"])
def test_text_of_an_svg_is_drawn_or_refused_but_never_left_out(tmp_path, family):
    text = f'<text x="2" y="16" font-size="9" font-family="{family}">FFFFF</text></svg>'
    (tmp_path / "text.svg").write_text(SVG.split("<rect")[0] + '<rect width="40" height="4"/>' + text)
    refusal, ink = "", np.zeros((0, 0))
    try:
        ink = read_ink(tmp_path / "text.svg")
    except DistributionError as error:
        refusal = str(error)
    drawn = ink[150:].sum() > 1000  # pixels below the bar, 25 a unit
    assert drawn or ("text.svg" in refusal and "paths" in refusal)


def test_full_rectangles_and_frames_are_pictures_too(tmp_path):
    assert read_ink(save_grey(tmp_path / "full.png", np.ones((8, 12)))).min() == 1
    frame = np.ones((20, 20))
    frame[2:-2, 2:-2] = 0
    assert np.array_equal(read_ink(save_grey(tmp_path / "frame.png", frame)), frame)


@pytest.mark.parametrize("dark", [False, True])
def test_inverted_pictures_are_refused_with_the_remedy_that_works(tmp_path, dark):
    path = save_grey(tmp_path / "inverted.png", mark() if dark else 1 - mark())
    refused(lambda: read_ink(path, dark), "inverted.png", f"dark={not dark}")
    assert np.mean(read_ink(path, not dark)) == pytest.approx(mark().mean(), abs=1e-3)


@pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 0), (250, 250, 250, 255)])
def test_empty_pictures_are_refused(tmp_path, colour):
    Image.new("RGBA", (9, 9), colour).save(tmp_path / "empty.png")
    refused(lambda: PictureDensity.from_file(tmp_path / "empty.png"), "empty.png", "no ink", "dark=True")


def claims(width, height):
    """A PNG that says it has that many pixels and holds next to none."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 9)), (b"IEND", b"")]
    body = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def truncated_png(tmp_path):
    noise = np.random.default_rng(10).random((64, 64))
    return save_grey(tmp_path / "whole.png", noise).read_bytes()[:1500]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.png", b"not a picture", ["text.png", "PNG"]),
        ("nothing.jpg", b"", ["nothing.jpg", "JPG"]),
        ("cut.png", truncated_png, ["cut.png", "PNG"]),
        ("bomb.png", claims(30_000, 30_000), ["bomb.png", "too many pixels"]),
        ("bomb2.png", claims(10_000, 10_000), ["bomb2.png", "too many pixels"]),
        ("broken.svg", b"<svg", ["broken.svg", "SVG"]),
        ("binary.svg", b"\xff\xfe\0", ["binary.svg", "SVG"]),
        ("blank.svg", SVG.split("<rect")[0].encode() + b"</svg>", ["blank.svg", "no ink"]),
        ("logo.ai", b"%!PS", ["logo.ai", ".png", ".svg"]),
        ("ghost.eps", b"%!PS-Adobe-3.0 EPSF-3.0", ["ghost.eps", ".svg"]),
        ("bitmap.png", b"P2 2 2 255 0 0 0 0", ["bitmap.png", "PNG"]),
    ],
)
def test_files_that_are_no_pictures_are_refused_in_a_sentence(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content(tmp_path) if callable(content) else content)
    refused(lambda: read_ink(tmp_path / name), *words)


@pytest.mark.parametrize("read", [read_ink, read_points])
def test_missing_files_and_folders_are_refused_in_a_sentence(tmp_path, read):
    refused(lambda: read(tmp_path / "absent.png"), "absent.png", "no file")
    (tmp_path / "folder.png").mkdir()
    refused(lambda: read(tmp_path / "folder.png"), "folder.png", "folder")


@pytest.mark.parametrize("width", [0, -1, 1e-3, 0.51, np.nan, np.inf])
def test_widths_out_of_range_are_refused_with_the_range(width):
    refused(lambda: PictureDensity(mark(), width=width), str(width), "0.03 to 0.5")


@pytest.mark.parametrize("haze", [-0.1, 1, np.nan])
def test_hazes_out_of_range_are_refused(haze):
    refused(lambda: PictureDensity(mark(), haze=haze), str(haze), "0 <= haze < 1")


@pytest.mark.parametrize(
    "ink", [np.zeros((4, 4)), np.ones(4), np.full((4, 4), 2.0), [[0.5, np.nan]], np.ones((0, 3))]
)
def test_arrays_that_are_no_ink_are_refused(ink):
    refused(lambda: PictureDensity(ink), "ink")


def points_file(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "points.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n0,0\n10,0\n10,5\n",
        "0,0\n10,0\n10,5",
        "\ufeffx,y\r\n\r\n0, 0\r\n10,0\r\n1e1,5.0\r\n",
        '"x","y"\n0,0\n10,0\n10,5\n',
    ],
)
def test_points_are_centred_scaled_and_keep_their_aspect(tmp_path, text):
    points = read_points(points_file(tmp_path, text))
    np.testing.assert_allclose(points, [[-2.4, -1.2], [2.4, -1.2], [2.4, 1.2]], atol=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e308])
def test_points_of_any_magnitude_fit_the_stage(tmp_path, size):
    points = read_points(points_file(tmp_path, f"{-size},0\n{size},{size}\n"))
    np.testing.assert_allclose(points, [[-2.4, -1.2], [2.4, 1.2]], rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,y\n1,2\n3\n", ["line 3", "'3'"]),
        ("1,2\n3,4,5\n", ["line 2", "'3,4,5'"]),
        ("1,2\n\n3,four\n", ["line 3", "'3,four'"]),
        ("1,2\nnan,4\n", ["line 2", "nan"]),
        ("1,2\n3,inf\n", ["line 2", "inf"]),
        ("x,2\n3,4\n", ["line 1", "x,2"]),
        ("", ["2 distinct points"]),
        ("x,y\n", ["2 distinct points"]),
        ("1,2\n1,2\n", ["2 distinct points"]),
        (b"\xff\xfe1,2", ["UTF-8"]),
    ],
)
def test_malformed_tables_are_refused_with_their_line(tmp_path, text, words):
    refused(lambda: read_points(points_file(tmp_path, text)), "points.csv", *words)
