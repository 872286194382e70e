"""Rendering in tests: small, without a progress bar, into a folder of its own."""

import hashlib

import av
from manim import tempconfig

QUICK = {"progress_bar": "none", "quality": "low_quality", "frame_rate": 3}
DRY = QUICK | {"dry_run": True}


def shoot(scene_class, folder, **settings):
    """Render a scene into a folder, and return it."""
    with tempconfig(QUICK | {"media_dir": str(folder)} | settings):
        scene = scene_class()
        scene.render()
    return scene


def drawn_frames(scene_class, folder, **settings):
    """Render into a folder: the scene, and (play, hash) of every frame that was drawn.

    A frame that Manim took from its cache is not drawn. What was drawn is compared, not what was encoded, in which
    small differences could be lost.
    """
    drawn = []

    class Recorded(scene_class):
        def setup(self):
            super().setup()
            write = self.renderer.add_frame

            def add_frame(frame, num_frames=1):
                if not self.renderer.skip_animations:
                    drawn.append((self.renderer.num_plays, hashlib.sha256(frame.tobytes()).hexdigest()))
                write(frame, num_frames)

            self.renderer.add_frame = add_frame

    Recorded.__name__ = scene_class.__name__
    return shoot(Recorded, folder, **settings), drawn


def film_of(scene):
    """The finished film's path."""
    return scene.renderer.file_writer.movie_file_path


def frames_in(path):
    """How many frames a film has."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def last_frame(scene):
    """What the camera shows now, (rows, columns, 3)."""
    scene.renderer.static_image = None
    scene.renderer.update_frame(scene)
    return scene.renderer.get_frame()[..., :3]


def pictures(*paths):
    """All frames of films, one after the other."""
    return [frame.to_ndarray().tobytes() for path in paths for frame in decoded(path)]


def decoded(path):
    """The frames of a film."""
    with av.open(str(path)) as container:
        yield from container.decode(video=0)
