import numpy as np
import pytest
from manim import ManimColor, linear
from stills import camera, frame, halfway, key, pixels_of
from test_live_curve import TRANSFORMS, assert_alike, assert_ordinary, assert_random_access, share_of

from scenes import theme as themes
from scenes.mobjects.bars import BAR, LINE, TARGET, Bars

PARTS = ("ring", "left eye", "right eye", "mouth", "face")
TARGETS = np.array([0.45, 0.13, 0.13, 0.19, 0.1])
MASSES = np.array([[0.2, 0.2, 0.2, 0.2, 0.2], [0.3, 0.18, 0.1, 0.19, 0.23], [0.46, 0.12, 0.13, 0.18, 0.11]])


def bars(values=MASSES, targets=TARGETS, labels=PARTS, **options):
    return Bars(values, targets, labels, **options)


def histogram():
    rng = np.random.default_rng(1)
    counts = np.array([np.histogram(rng.normal(size=300 * k), 30, (-3, 3))[0] for k in (1, 2, 3)])
    target = np.exp(-(np.linspace(-2.9, 2.9, 30) ** 2) / 2) / 12.5
    return Bars(counts / counts.sum(axis=1, keepdims=True), target)


@pytest.mark.parametrize("make", [bars, histogram, lambda: bars(targets=None), lambda: bars().set(eased=True)])
@pytest.mark.parametrize("wanted", [0, 1.5, 2])
def test_bars_show_the_same_whatever_was_shown_before(make, wanted):
    assert_random_access(make, wanted, (2, 0.7, 1))


def edge(image, color, column, low, high):
    """Where, between two rows, a colour begins below the paper."""
    share = share_of(image, color)[int(low) : int(high), int(column)]
    assert share[0] < 0.01
    assert share[-1] > 0.99
    return int(high) - share.sum()


@pytest.mark.parametrize("name", ["none", "scaled and shifted", "stretched", "moved"])
def test_a_bars_upper_edge_is_drawn_at_its_value(name):
    on = camera(1080)
    for record in range(3):
        shown = TRANSFORMS[name](bars(targets=None)).show(record)
        image = frame(shown, on=on)
        for bar in range(5):
            column, row = pixels_of(shown.top_of(bar, record), on)
            assert abs(edge(image, themes.theme().particles, column, row - 6, row + 8) - row) < 0.5
            height = shown.height_of(MASSES[record, bar])
            assert pixels_of(height, on)[1] == pytest.approx(row, abs=1e-6)


@pytest.mark.parametrize("name", ["none", "scaled and shifted"])
def test_a_target_is_drawn_at_its_value(name):
    on = camera(1080)
    shown = TRANSFORMS[name](bars())
    image = frame(shown, on=on)
    for bar, target in enumerate(TARGETS):
        beside = (bar + 0.5 + (BAR + TARGET) / 4) * shown.size[0] / 5  # between the bar and the line's end
        column = pixels_of(shown.carry((beside, 0.0, 0.0)), on)[0]
        row = pixels_of(shown.height_of(target), on)[1]
        rows = np.arange(int(row) - 5, int(row) + 6)
        cyan = abs(image[rows, int(column), :3] - ManimColor(themes.theme().exact).to_rgb() * 255).sum(axis=1) < 40
        assert abs((rows[cyan] + 0.5).mean() - row) < 0.5


def test_between_records_only_recorded_values_are_drawn_unless_eased():
    assert_alike(bars().show(1.6), bars().show(1))
    blend = bars()
    blend.eased = True
    mixed = bars(0.4 * MASSES[1] + 0.6 * MASSES[2], peak=bars().peak)
    np.testing.assert_allclose(blend.show(1.6).bars.points, mixed.bars.points, atol=1e-9)


def test_equal_values_and_targets_stand_equally_high():
    shown = bars(TARGETS[None])
    for bar, target in enumerate(TARGETS):
        assert shown.top_of(bar, 0)[1] == pytest.approx(shown.height_of(target)[1])
    highest = max(line.get_y() for line in shown.targets)
    assert highest == pytest.approx(shown.height_of(0.45)[1])
    assert shown.targets[-2].height == pytest.approx(LINE)


@pytest.mark.parametrize("off", [-0.01, 0.01])
def test_a_bar_just_off_its_target_is_seen_to_end_there(off):
    on = camera(1080)
    shown = bars(TARGETS[None] + off, height=3.0)
    image = frame(shown, on=on)
    for bar in range(5):
        column, row = pixels_of(shown.top_of(bar, 0), on)
        goal = pixels_of(shown.height_of(TARGETS[bar]), on)[1]
        assert abs(row - goal) > 3
        assert abs(edge(image, themes.theme().particles, column, row - 2, row + 2) - row) < 0.6


def boxes(mobjects):
    return [(mobject.get_corner((-1, -1, 0))[:2], mobject.get_corner((1, 1, 0))[:2]) for mobject in mobjects]


@pytest.mark.parametrize("width", [5.6, 4.0, 2.5])
def test_labels_stand_below_their_bars_and_over_nothing(width):
    shown = bars(width=width)
    written = [line for name in shown.labels for line in name]
    for i, (low, high) in enumerate(boxes(written)):
        assert high[1] < shown.height_of(0)[1] - 0.05
        for other_low, other_high in boxes(written[i + 1 :]):
            assert (np.minimum(high, other_high) - np.maximum(low, other_low) < 0).any()
    slot = width / 5
    every = -(-5 // len(shown.labels))
    for i, name in enumerate(shown.labels):
        expected = shown.height_of(0)[0] + (i * every + 0.5) * slot
        assert name.get_x() == pytest.approx(expected, abs=0.03)


def test_the_smileys_five_names_fit_the_board():
    assert len(bars().labels) == 5


def test_labels_stand_on_one_line():
    ring, mouth = bars().labels[0], bars().labels[3]
    assert ring.get_bottom()[1] < mouth.get_bottom()[1] - 0.05  # the g hangs


def test_names_take_the_colours_of_what_they_name():
    names = bars().names
    colours = [name[0].get_color().to_hex().upper() for name in names]
    assert colours == [themes.theme().particles, themes.theme().exact]
    assert len(Bars(MASSES, value_name="").names) == 0


def test_values_beyond_the_peak_are_cut():
    shown = bars(peak=0.2).show(2)
    assert shown.top_of(0, 2)[1] == pytest.approx(shown.height_of(0.2)[1])


def test_bars_are_ordinary_mobjects():
    assert_ordinary(bars().show(1))
    assert_ordinary(histogram().show(2))


def test_animating_show_runs_through_the_records():
    moving = halfway(bars().animate(rate_func=linear).show(2).build(), 0.75)
    assert_alike(moving, bars().show(1))


def test_each_change_of_bars_has_a_cache_key():
    changed = MASSES.copy()
    changed[1, 2] += 1e-9
    makes = [
        bars(),
        bars(changed),
        bars().show(1),
        bars(targets=TARGETS[::-1]),
        bars(peak=1.0),
        bars(color="#FF0000"),
        bars().set(eased=True),
        bars(labels=()),
        bars(fingerprint="run"),
    ]
    keys = [key(one) for one in makes]
    assert len(set(keys)) == len(keys)
    assert key(bars(MASSES.copy())) == keys[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.zeros((2, 3, 1)),), "records, m"),
        ((np.zeros((0, 3)),), "records, m"),
        ((np.zeros(3), np.zeros(4)), "as many targets"),
        ((np.zeros(3), None, ("a",)), "as many labels"),
    ],
)
def test_arrays_of_other_shapes_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Bars(*arguments)


def test_nothing_at_all_is_drawn_as_bars_of_no_height():
    assert Bars(np.zeros((2, 3))).top_of(1, 1)[1] == pytest.approx(Bars(np.zeros(3)).height_of(0)[1])
