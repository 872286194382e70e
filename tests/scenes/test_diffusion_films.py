"""What holds for every film of the diffusion story: nothing overlaps, nobody waits, and captions can be read."""

import pytest
from small_films import keeps_promises, logo, staged

from scenes.base import FilmError
from scenes.denoiser import DenoiserScene
from scenes.dinosaur import DinosaurScene
from scenes.forward import ForwardDiffusionScene
from scenes.sampling import SpiralSamplingScene
from scenes.score import ScoreFieldScene
from scenes.training import SpiralTrainingScene

FILMS = [
    ForwardDiffusionScene,
    ScoreFieldScene,
    SpiralTrainingScene,
    SpiralSamplingScene,
    DinosaurScene,
    DenoiserScene,
]
LAST = dict(zip(FILMS, ["rewind", "guesses", "samples", "noise on", "any shape", "many"], strict=True))
"""The last section of each."""
VARIANTS = [
    {"theme": "light", "captions": False},
    {"target": "eight-gaussians", "schedule": "cosine", "seed": 3},
    {"target": "logo"},
]


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A folder in which the small runs are computed once."""
    return tmp_path_factory.mktemp("media")


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.__name__)
def test_a_film_keeps_its_promises(film, media):
    shown = staged(film, media)
    keeps_promises(shown, longest=90)
    late = ["spiral-jumps"] if film is SpiralTrainingScene else []  # at which t is seen only after the training
    assert shown.surprises == late
    assert all("-net" in shown.announced[key] for key in shown.announced.keys() - shown.asked)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.__name__)
def test_in_every_variant_nothing_overlaps_leaves_the_frame_or_is_too_small(film, variant, media, tmp_path):
    if variant.get("target") == "logo":
        variant = {"target": logo(tmp_path)}
    shown = staged(film, media, **variant)
    assert list(shown.faults) == shown.beats
    assert sorted({fault for wrong in shown.faults.values() for fault in wrong}) == []
    assert all(len(caption) <= 70 for caption in shown.spoken)


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.__name__)
def test_a_schedule_that_leaves_the_stage_is_refused_in_one_sentence(film):
    with pytest.raises(FilmError, match="cannot show the schedule 'edm': choose one of linear, cosine, sigmoid"):
        type("Wrong", (film,), {"schedule": "edm"})()


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.__name__)
def test_the_last_section_alone_is_told_without_the_others(film, media):
    alone = staged(film, media, only=LAST[film])
    assert {beat.partition(":")[0] for beat in alone.beats} == {LAST[film]}
    assert sorted({fault for wrong in alone.faults.values() for fault in wrong}) == []
