from pathlib import Path

import numpy as np
import pytest

from diffusion_core.errors import DistributionError
from diffusion_core.shapes import ASSETS, TARGETS, along_curve, dinosaur, find_target, smiley


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "banana"])
def test_shapes_stand_inside_the_drawn_window(name):
    sample = TARGETS[name]().sample(5000, np.random.default_rng(0))
    assert np.mean(np.abs(sample).max(axis=1) < 3.15) > 0.99


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("width", [0.03, 0.2])
def test_curves_are_covered_evenly_at_most_one_width_apart(closed, width):
    angle = np.linspace(0, 1, 5000, endpoint=not closed) ** 2 * 2 * np.pi  # an uneven parametrisation
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    means = along_curve(circle, width, closed).means
    gaps = np.linalg.norm(np.diff(means, axis=0), axis=1)
    if closed:
        gaps = np.append(gaps, np.linalg.norm(means[-1] - means[0]))
    assert gaps.max() <= width
    assert np.ptp(gaps) < 1e-4
    assert gaps.sum() == pytest.approx(2 * np.pi, rel=width**2)  # chords of that length along the circle


def test_a_smiley_without_a_face_has_none():
    assert "face" not in smiley(face=0).parts
    masses = smiley(face=0.15).part_masses
    assert masses.sum() == pytest.approx(1)
    assert masses[-1] == pytest.approx(0.15)


def test_the_dinosaur_is_the_one_of_the_datasaurus_dozen():
    package = pytest.importorskip("data_morph")
    original = np.loadtxt(
        Path(package.__file__).parent / "data/starter_shapes/dino.csv", delimiter=",", skiprows=1
    )
    assert original.shape == (142, 2)
    np.testing.assert_array_equal(np.loadtxt(ASSETS / "dinosaur.csv", delimiter=",", skiprows=1), original)
    means = dinosaur().means
    # moved and scaled alike on both axes, nothing else
    scale = np.ptp(means, axis=0) / np.ptp(original, axis=0)
    assert scale[0] == pytest.approx(scale[1])
    np.testing.assert_allclose(means - means[0], scale[0] * (original - original[0]), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("smily", {}, "did you mean 'smiley'"),
        ("qqqq", {}, "choose one of smiley, ring"),
        ("smiley", {"widht": 0.1}, "has no 'widht': it takes width"),
        ("missing.png", {}, "missing.png"),
        ("missing.csv", {}, "missing.csv"),
        ("ring", {"width": -1}, "choose one above 0"),
        ("smiley", {"face": 1.5}, "0 <= face < 1"),
    ],
)
def test_what_is_no_target_is_refused_in_one_sentence(name, options, sentence):
    with pytest.raises(DistributionError, match=sentence) as error:
        find_target(name, **options)
    assert "\n" not in str(error.value)
