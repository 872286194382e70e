"""How a film gets into files: each segment whole or not at all, and films whose sections were drawn apart."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import srt
from manim.scene.scene_file_writer import SceneFileWriter
from manim.scene.section import DefaultSectionType

from diffusion_core.errors import DiffusionError
from scenes.encoding import SegmentEncoder
from scenes.gif import write_gif
from scenes.record import Beat, beats_from, write_record
from scenes.whole import written_whole

VERSION = 3
"""Of the notes that a process leaves about the sections it has drawn."""


HERE: Final = socket.gethostname()


class PartError(DiffusionError):
    """A part of a film that is missing or damaged."""


class WholeSegment(SegmentEncoder):
    """A segment that appears under its name when it is whole.

    Manim takes a file of that name for a finished segment. A process that is killed would leave half of one, and
    two that draw the same film would read what the other is still writing.
    """

    def __init__(self, *, target: Path, spec: Any) -> None:
        mine = f".{target.stem}.{HERE}-{os.getpid()}.part{target.suffix}"
        super().__init__(target=target.with_name(mine), spec=spec)
        self.partial, self.target = self.target, target

    def finish(self) -> None:
        """Close the segment and give it its name."""
        if not self._closed:
            super().finish()
            self.partial.replace(self.target)

    def abort(self) -> None:
        """Remove what has been written of it, and nothing that another process has finished."""
        self.target, whole = self.partial, self.target
        try:
            super().abort()
        finally:
            self.target = whole


class FilmWriter(SceneFileWriter):
    """Manim's writer, with whole segments, a film that replaces the old one when it is whole, and parts.

    Where `part` is a path, no film is made: a note of the segments and captions is left there for `join`. Beside a
    film lies its record, of the `beats` that it was told and of its `origin`; see `scenes.record`.
    """

    part: Path | None = None
    origin: Callable[[], dict[str, Any]] | None = None

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.beats: list[Beat] = []
        if self.output_spec.is_video:
            sweep(self.partial_movie_directory)

    def _create_segment_encoder(self, target: Path) -> WholeSegment:
        return WholeSegment(target=target, spec=self.video_encoder)

    def combine_files(
        self,
        input_files: list[str],
        output_file: Path,
        create_gif: bool = False,
        includes_sound: bool = False,
    ) -> None:
        """Manim's; whoever plays the old film meanwhile sees it to its end."""
        with written_whole(output_file) as whole:
            if create_gif:
                manifest = self._concat_manifest_bytes(input_files)
                write_gif(manifest, whole, self.video_encoder)
            else:
                super().combine_files(input_files, whole, includes_sound=includes_sound)

    def finish(self) -> None:
        """Make the film, or leave a note of this part of it."""
        if self.part is None:
            super().finish()
            if self.output_spec.is_video and self.origin is not None:
                write_record(Path(self.movie_file_path), self.beats, self.origin())
            return
        self.join_all_encode_jobs()
        drawn = {section: section.get_clean_partial_movie_files() for section in self.sections}
        sections = [
            {"name": section.name, "segments": [Path(file).name for file in files]}
            for section, files in drawn.items()
            if files
        ]
        told = {"captions": srt.compose(self.subcaptions), "beats": [beat._asdict() for beat in self.beats]}
        note = {"version": VERSION, "sections": sections} | told
        with written_whole(self.part) as whole:
            whole.write_text(json.dumps(note, indent=1), encoding="utf-8")

    def join(self, parts: list[Path]) -> None:
        """Make the film of parts that were drawn by others, in their order.

        Raises:
            PartError: a part, or a segment of it, is missing or damaged.
        """
        for part in parts:
            note = read_part(part, self.partial_movie_directory)
            for section in note["sections"]:
                if section["name"] != self.sections[-1].name:  # a pause may be drawn with what follows it
                    self.next_section(section["name"], DefaultSectionType.NORMAL, False)
                files = [str(self.partial_movie_directory / name) for name in section["segments"]]
                self.partial_movie_files += files
                self.sections[-1].partial_movie_files += files
            self.subcaptions += srt.parse(note["captions"])
            self.beats += beats_from(note["beats"])
        self.finish()


def sweep(segments: Path) -> None:
    """Remove what processes of this machine that were killed have left in a folder of segments."""
    for partial in segments.glob(f".*.{HERE}-*.part.*"):
        number = partial.name.rpartition(".part.")[0].rpartition("-")[2]
        if number.isdecimal() and not _is_alive(int(number)):
            partial.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # asks, and sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


def read_part(part: Path, segments: Path) -> dict[str, Any]:
    """The note about a part, whose segments are all there.

    Args:
        part: where `FilmWriter.finish` left it.
        segments: the folder of the film's segments.

    Raises:
        PartError: it is missing or damaged, or a segment is missing.
    """
    try:
        note: dict[str, Any] = json.loads(part.read_text(encoding="utf-8"))
        known = note["version"] == VERSION
        names = [name for section in note["sections"] for name in section["segments"]]
        list(srt.parse(note["captions"]))
        beats_from(note["beats"])
    except (OSError, ValueError, KeyError, TypeError, srt.SRTParseError) as error:
        raise PartError(f"'{part}' is no part of a film ({error}): render its section again") from error
    if not known:
        raise PartError(f"'{part}' was made by another version: render its section again")
    for name in names:
        if not (segments / name).is_file():
            raise PartError(f"'{part}' needs the segment '{segments / name}': render its section again")
    return note


def is_drawn(part: Path, segments: Path) -> bool:
    """Whether a part is there with all its segments."""
    try:
        read_part(part, segments)
    except PartError:
        return False
    return True
