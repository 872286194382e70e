"""A small finished film for tests of what lectures are given, and bad wishes that every such format answers."""

import os
from contextlib import chdir
from dataclasses import replace

from finished_films import NAME, scenes
from manim import tempconfig

from scenes.exports.finished import finished
from scenes.exports.formats import Wish
from scenes.rendering import Order


def film_in(folder):
    """The tiny film that was rendered there."""
    with chdir(folder), tempconfig({"media_dir": str(folder / "media")}):
        return finished(Order(NAME, quality="l"))


def wish(film, form, folder, sections=None, height=None):
    return Wish(film, form, film.chosen(sections), sections is None, height, folder)


def with_section(film, number, **changes):
    """The film with one of its sections changed."""
    sections = list(film.sections)
    sections[number] = replace(sections[number], **changes)
    return replace(film, sections=tuple(sections))


def said_of(folder, form, *words, **environment):
    """The one line with which the command line declines."""
    run = scenes(folder, "export", NAME, "--to", form, *words, **environment)
    assert run.returncode == 2, run.stderr
    [line] = run.stderr.splitlines()
    return line


def python_path(folder):
    """The search path with a folder before all others."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
