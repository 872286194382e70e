"""The measure of flashes, on pictures of which the answer is known."""

import av
import numpy as np
import pytest
from flashing import flashes, pictures, rate_of

RATE = 30
FIELD = (75, 100)
"""Rows and columns of a field of 10° in a picture of 300 columns."""
WHITE, GREY, BLACK = (255, 255, 255), (236, 236, 236), (0, 0, 0)
RED, GREEN, BROWN = (128, 0, 0), (0, 60, 0), (128, 60, 40)  # 77 % of brown is red


def clip(hertz, one=WHITE, other=BLACK, part=None, seconds=3, size=(150, 300)):
    """Frames of which a part, or all, has one colour and the other by turns."""
    for number in range(seconds * RATE):
        frame = np.zeros((*size, 3), np.uint8)
        frame[...] = other
        if number * hertz * 2 // RATE % 2:
            frame[slice(None) if part is None else part] = one
        yield frame


def most(*args, **options):
    return flashes(clip(*args, **options), RATE)


@pytest.mark.parametrize(("hertz", "found"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (10, 10)])
def test_a_full_screen_flashes_as_often_as_it_does(hertz, found):
    assert most(hertz).general == found


def test_a_change_in_one_direction_is_no_flash():
    stairs = (np.full((150, 300, 3), 255 * k // 89, np.uint8) for k in range(90))
    assert flashes(stairs, RATE).most == 0
    once = (np.full((150, 300, 3), 255 * (k > 40), np.uint8) for k in range(90))
    assert flashes(once, RATE).most == 0


def test_slow_waves_count_like_sudden_ones():
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * np.arange(90) / RATE)
    assert flashes((np.full((150, 300, 3), 255 * value, np.uint8) for value in wave), RATE).general == 4


@pytest.mark.parametrize(("columns", "found"), [(45, 0), (55, 4)])
def test_only_more_than_a_quarter_of_a_field_counts(columns, found):
    part = (slice(50, 90), slice(120, 120 + columns))
    assert (40 * columns > FIELD[0] * FIELD[1] / 4) == bool(found)
    assert most(4, part=part).general == found


def test_areas_that_no_field_holds_together_do_not_count():
    area = (slice(0, 40), slice(0, 40))  # a fifth of a field
    apart = np.zeros((150, 300), bool)
    apart[area], apart[110:150, 250:290] = True, True
    together = np.zeros((150, 300), bool)
    together[:40, :80] = True
    assert most(4, part=apart).general == 0
    assert most(4, part=together).general == 4


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [(WHITE, GREY, 0), ((80, 80, 80), BLACK, 0), ((92, 92, 92), BLACK, 4), (GREY, BLACK, 4)],
)
def test_small_changes_and_changes_among_bright_pictures_do_not_count(one, other, found):
    # Relative luminances: grey 0.84; (80, 80, 80) 0.08; (92, 92, 92) 0.107.
    assert most(4, one, other).general == found


@pytest.mark.parametrize(
    ("one", "other", "found"), [(RED, BLACK, 4), (RED, GREEN, 4), (GREEN, BLACK, 0), (BROWN, BLACK, 0)]
)
def test_a_saturated_red_counts_where_luminance_hardly_changes(one, other, found):
    measured = most(4, one, other)
    assert (measured.general, measured.red) == (0, found)


def test_a_fine_balanced_pattern_is_no_flash():
    rng = np.random.default_rng(0)
    squares = np.indices((1080, 1920)).sum(axis=0) % 2 == 0
    dots = [rng.random(squares.shape) < 0.1 for _ in range(15)]
    for patterns in ([squares, ~squares] * 8, dots):
        frames = (np.uint8(255) * np.repeat(shown[..., None], 3, axis=2) for shown in patterns)
        assert flashes(frames, RATE).most == 0


def test_a_short_burst_is_found_and_when():
    calm = [np.zeros((150, 300, 3), np.uint8)] * 60
    burst = flashes([*calm, *clip(5, seconds=1), *calm], RATE)
    assert burst.general == 5
    assert 2.5 < burst.general_at <= 3.05


@pytest.mark.parametrize(("hertz", "found"), [(4, 4), (2, 2)])
def test_it_reads_encoded_films(hertz, found, tmp_path):
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, width=300, height=150, pix_fmt="yuv420p")
        for frame in clip(hertz, size=(150, 300)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    assert flashes(pictures(path), rate_of(path)).general == found
