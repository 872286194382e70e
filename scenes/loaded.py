"""Manim and all films, loaded: for the process that others are forked off, so that none waits for them."""

from scenes.films import films

films()
