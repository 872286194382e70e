"""A film of three seconds that is quickly made, for tests of what is made of finished films."""

import os
import subprocess
import sys
import textwrap

FILM = '''
    from manim import RIGHT, UP, Dot, FadeIn, FadeOut, Square

    from scenes.base import FilmScene
    from scenes.mobjects.words import mathematics, words


    class Dots(FilmScene):
        """Two dots and a rule."""

        def storyboard(self):
            return {"one": self.one, "two, too": self.two, "three": self.three}

        def one(self):
            """One dot.

            Say that it is one, and that
            it moves.
            """
            self.dot = Dot(self.zones.stage_center)
            self.beat("one: come", "A dot <comes> & goes.", FadeIn(self.dot))
            rule = mathematics("x_(k+1) = x_k {{ + sqrt(2 tau) thin epsilon_k : noise }}")
            self.add(self.on_board(rule))
            self.play(self.dot.animate(run_time=1).shift(RIGHT))

        def two(self):
            """Two dots."""
            self.beat("two, too: rise", "It rises: $x_(k+1) = x_k$.", poster=True)
            self.play(self.dot.animate(run_time=1).shift(UP))
            self.add(self.on_board(words('#raw("langevin.ula")'), 1.0))
            self.other = Square(color=self.look.chance).move_to(self.zones.stage_center)
            self.beat("two, too: other", "Another one.", FadeIn(self.other))

        def three(self):
            """One is left.

            Ask who it is.

            Then wait.
            """
            self.end_beat()
            self.play(FadeOut(self.dot))
            self.beat("three: go", "Only one is left.", self.other.animate(run_time=1).shift(2 * RIGHT))
'''
NAME = "dots.py:Dots"


def scenes(folder, *words, **environment):
    """Run `python -m scenes` in a folder."""
    command = [sys.executable, "-m", "scenes", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | environment)


def rendered(folder, theme="dark"):
    """Write the film's file into a folder and render it there at -ql."""
    (folder / "dots.py").write_text(textwrap.dedent(FILM))
    run = scenes(folder, "render", NAME, "--quality", "l", "--theme", theme, "--jobs", "1")
    assert run.returncode == 0, run.stderr
    return folder
