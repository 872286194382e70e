import numpy as np
import pytest
from stills import camera, frame, key, pixels_of
from test_live_curve import assert_ordinary, share_of

from scenes import theme as themes
from scenes.mobjects.legend import KINDS, Legend

ENTRIES = [
    ("a particle", "particles", "dot"),
    ("its climb", "exact", "arrow"),
    ("the kick", "chance", "line"),
    ("floor", "exact", "dashed"),
    ("the network's $s_theta$", "learned", "square"),
]


@pytest.mark.parametrize("arrangement", ["column", "row"])
def test_samples_have_their_colours_and_stand_before_their_texts(arrangement):
    on = camera()
    legend = Legend(ENTRIES, arrangement=arrangement)
    for sample, text, (_, role, kind) in zip(legend.samples, legend.texts, ENTRIES, strict=True):
        assert sample.get_color().to_hex().upper() == getattr(themes.theme(), role)
        assert 0 < text.get_left()[0] - sample.get_right()[0] < 0.5
        assert abs(text.get_y() - sample.get_y()) < 0.1
        if kind != "dashed":
            column, row = pixels_of(sample.get_center(), on).astype(int)
            share = share_of(frame(legend, on=on), getattr(themes.theme(), role))
            assert share[row - 1 : row + 2, column].max() > 0.95


def overlap(one, other):
    low = np.maximum(one.get_corner((-1, -1, 0)), other.get_corner((-1, -1, 0)))
    high = np.minimum(one.get_corner((1, 1, 0)), other.get_corner((1, 1, 0)))
    return bool((high - low)[:2].min() > 0)


@pytest.mark.parametrize("arrangement", ["column", "row"])
def test_entries_stand_apart(arrangement):
    legend = Legend(ENTRIES, arrangement=arrangement)
    pieces = [*legend.samples, *legend.texts]
    assert not any(overlap(one, other) for i, one in enumerate(pieces) for other in pieces[:i])
    assert (legend.height < 0.5) == (arrangement == "row")


def test_every_kind_has_a_sample_of_the_same_breadth_at_most():
    for kind in KINDS:
        assert Legend([("x", "ink", kind)]).samples[0].width <= 0.5 + 1e-9


def test_legends_are_ordinary_mobjects():
    assert_ordinary(Legend(ENTRIES))


def test_each_change_of_a_legend_has_a_cache_key():
    keys = {key(Legend([entry])) for entry in ENTRIES} | {key(Legend([("a particle", "chance", "dot")]))}
    assert len(keys) == 6


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (("x", "exacd", "dot"), "no role 'exacd': did you mean 'exact'"),
        (("x", "ramp", "dot"), "no role 'ramp'"),
        (("x", "exact", "dots"), "no sample 'dots': did you mean 'dot'"),
    ],
)
def test_unknown_names_are_refused_with_a_suggestion(entry, words):
    with pytest.raises(ValueError, match=words):
        Legend([entry])
    with pytest.raises(ValueError, match="did you mean 'row'"):
        Legend([], arrangement="rows")
