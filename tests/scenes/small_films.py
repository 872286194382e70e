"""The diffusion films with small runs, staged without being drawn: what their tests share."""

import dataclasses

import numpy as np
from filming import DRY, last_frame, shoot
from layout import Staged, longest_still
from PIL import Image, ImageDraw
from stills import pixels_at_1080p

from diffusion_core.diffusion_recipes import TrainingRecipe
from diffusion_core.forward_recipes import ForwardRecipe

PARTICLES = 150


def shrunk(recipe):
    """The same recipe, computed in a second."""
    if isinstance(recipe, TrainingRecipe):
        return dataclasses.replace(
            recipe, iterations=64, batch=64, group=min(recipe.group, 32), width=16, depth=2, checkpoints=4,
            threads=1, particles=50,
        )  # fmt: skip
    if isinstance(recipe, ForwardRecipe):
        points = min(recipe.points, 60)
        return dataclasses.replace(recipe, points=points, steps=40, moments=8, particles=PARTICLES)
    training = None if recipe.training is None else shrunk(recipe.training)
    return dataclasses.replace(
        recipe, training=training, taken=min(recipe.taken or 40, 40), records=41, moments=8, particles=PARTICLES,
        points=min(recipe.points, 60),
    )  # fmt: skip


class Small:
    """Mixed into a film: the same beats, small runs."""

    particles = PARTICLES

    def recipe_of(self, name, **changes):
        return shrunk(super().recipe_of(name, **changes))


def staged(film, media, **attributes):
    """A whole film with small runs, its plays skipped: begun, ended and counted, but not drawn."""
    kind = type(f"Staged{film.__name__}", (Staged, Small, film), attributes)
    return shoot(kind, media, **DRY | {"from_animation_number": 10**6})


def keeps_promises(shown, longest):
    """What holds for every film that was staged: its layout, captions and pace, and at most so many seconds."""
    assert list(shown.faults) == shown.beats
    assert sorted({fault for wrong in shown.faults.values() for fault in wrong}) == []
    assert 40 <= sum(seconds for _, _, seconds in shown.plays) <= longest
    assert 1 < longest_still(shown.plays) <= 6
    assert len({beat.partition(":")[0] for beat in shown.beats}) >= 4
    assert len(set(shown.beats)) == len(shown.beats)
    for caption in shown.spoken:
        assert 0 < len(caption) <= 70, caption
        assert "$" not in caption
    assert any("?" in caption for caption in shown.spoken[:2])  # the question comes first
    for beat in shown.beats:
        moves = [seconds for name, still, seconds in shown.plays if name == beat and not still]
        assert sum(moves) > 0, f"nothing moves in {beat}"


def logo(folder):
    """The path of a small picture."""
    picture = Image.new("L", (60, 40), 255)
    ImageDraw.Draw(picture).rectangle((10, 10, 30, 30), fill=0)
    picture.save(folder / "my_logo.png")
    return str(folder / "my_logo.png")


def still(film, media, draw, **attributes):
    """A film that stands still at 1080p with what `draw(film)` returns, and its picture (rows, columns, 3)."""

    def construct(self):
        self.add(*draw(self))

    kind = type(f"Still{film.__name__}", (Small, film), attributes | {"construct": construct})
    scene = shoot(kind, media, **DRY | {"quality": "high_quality"})
    return scene, last_frame(scene)


def on_stage(scene, positions):
    """Pixels at 1080p of places of the stage, (n, 2)."""
    zone = scene.zones
    return pixels_at_1080p(zone.stage_center[:2] + np.asarray(positions) * zone.stage_side / 6.3)
