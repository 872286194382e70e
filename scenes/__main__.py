"""The command line: render and its steps film, section, join, plan; export, explore, list, new, doctor."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from diffusion_core.command import run_command
from scenes.theme import THEMES
from scenes.whole import written_whole

EXPORTS = ("mp4", "webm", "gif", "posters", "captions", "html", "pptx", "pdf", "manim-slides")
EVERY = "every film of the collection, but those whose runs take gigabytes (MillionScene), only if named"

THEME = "default: the film's own, that of DIFFUSION_THEME, or dark"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; our own errors end in one sentence and exit code 2."""
    if arguments is None and len(sys.argv) == 1:
        _parser().print_help()
        return 2
    return run_command("scenes", _parser(), arguments, "what is finished stays, and the same command goes on")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scenes",
        description="Films: list, render, export, and begin your own.",
        epilog="example: python -m scenes render --all --quality h --theme both --jobs 4",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    render = commands.add_parser(
        "render", help="make films, several at a time", epilog="example: python -m scenes render --all --jobs 4"
    )
    render.set_defaults(run=_render)
    render.add_argument("scenes", nargs="*", metavar="SCENE", help="LangevinScene, or my_film.py:MyScene")
    render.add_argument("--all", action="store_true", help=EVERY)
    _add_choices(render, both=True)
    cores = os.cpu_count() or 1
    render.add_argument("--jobs", type=_count, default=cores, metavar="N", help="processes (default: cores)")
    render.add_argument("--dry-run", action="store_true", help="say what would be done")
    listing = commands.add_parser("list", help="tell which films there are, and what may be changed about each")
    listing.set_defaults(run=_list)
    listing.add_argument("scene", nargs="?", metavar="SCENE")
    new = commands.add_parser(
        "new", help="begin a film of your own",
        epilog="example: python -m scenes new my_film.py --from LangevinScene --target logo.png",
    )  # fmt: skip
    new.set_defaults(run=_new)
    new.add_argument("file", type=Path, metavar="FILE", help="to write, my_film.py")
    new.add_argument("--from", dest="scene", default="LangevinScene", metavar="SCENE", help="default: %(default)s")
    new.add_argument("--target", metavar="TARGET", help="a named shape, a picture, or a CSV of points")
    doctor = commands.add_parser("doctor", help="tell what is missing on this machine, and what mends it")
    doctor.set_defaults(run=_doctor)
    export = commands.add_parser(
        "export", help="make a deck, slides, a handout, clips … of a film that is rendered",
        epilog="example: python -m scenes export LangevinScene --to html pptx pdf",
    )  # fmt: skip
    export.set_defaults(run=_export)
    export.add_argument("scene", metavar="SCENE")
    known = ", ".join(EXPORTS)
    export.add_argument("--to", nargs="+", required=True, choices=EXPORTS, metavar="FORMAT", help=known)
    export.add_argument("--sections", nargs="+", metavar="SECTION", help="only these, as clips of their own")
    export.add_argument("--height", type=_height, metavar="PIXELS", help="default: what suits the format")
    export.add_argument("--output", type=Path, metavar="FOLDER", help="default: media/exports/SCENE")
    export.add_argument("--quality", choices="lmhk", help="of the film, as it was rendered (default: the best)")
    export.add_argument("--theme", choices=list(THEMES), help=THEME)
    _add_explore(commands)
    film = commands.add_parser("film", help="draw a film in one process")
    film.set_defaults(run=_film)
    film.add_argument("scene", metavar="SCENE")
    _add_choices(film)
    section = commands.add_parser("section", help="draw neighbouring sections of a film, for `join`")
    section.set_defaults(run=_section)
    section.add_argument("scene", metavar="SCENE")
    section.add_argument("sections", nargs="+", metavar="SECTION")
    _add_choices(section)
    join = commands.add_parser("join", help="make a film of the sections that were drawn")
    join.set_defaults(run=_join)
    join.add_argument("scene", metavar="SCENE")
    join.add_argument("--shares", nargs="+", metavar="A+B", help="as they were drawn (default: one by one)")
    _add_choices(join)
    plan = commands.add_parser("plan", help="say what films are made of, for the Snakefile")
    plan.set_defaults(run=_plan)
    plan.add_argument("output", type=Path, metavar="FILE", help="JSON; the films are read from standard input")
    return parser


def _add_explore(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explore = commands.add_parser(
        "explore", help="make a page to play with of a run: scrub, pick a particle, draw a density",
        epilog="example: python -m scenes explore eye-ula-large --other eye-mala-large",
    )  # fmt: skip
    explore.set_defaults(run=_explore)
    known = "a name of `python -m diffusion_core list`, or a trajectory's file"
    explore.add_argument("recipe", nargs="?", default="smiley-ula", metavar="RECIPE", help=f"{known} (smiley-ula)")
    explore.add_argument("--other", metavar="RECIPE", help="a second run from the same start, beside it")
    explore.add_argument("--particles", type=int, default=1000, metavar="N", help="at most (default: 1000)")
    explore.add_argument("--steps", type=int, default=200, metavar="N", help="recorded, at most (default: 200)")
    explore.add_argument("--theme", choices=list(THEMES), help="default: that of DIFFUSION_THEME, or dark")
    explore.add_argument("--output", type=Path, metavar="FILE", help="default: media/explorers/RECIPE.html")


def _explore(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from diffusion_core.compute import load_or_compute
    from diffusion_core.explorer import ROLES, ExplorerError, exploration, page
    from diffusion_core.npz import load
    from diffusion_core.recipes import find_recipe
    from scenes.theme import choose

    def run_of(name: str):  # type: ignore[no-untyped-def]
        return load(name) if name.endswith(".npz") else load_or_compute(find_recipe(name))

    palettes = {name: {role: asdict(look)[role] for role in ROLES} for name, look in THEMES.items()}
    theme = choose(options.theme)
    other = run_of(options.other) if options.other else None
    shown = exploration(run_of(options.recipe), other, options.particles, options.steps, theme, palettes)
    target = options.output or Path("media/explorers") / f"{'-and-'.join(run.name for run in shown.runs)}.html"
    try:
        with written_whole(target) as whole:
            whole.write_text(page(shown), encoding="utf-8")
    except OSError as error:
        raise ExplorerError(f"cannot write '{target}' ({error.strerror}): choose another with --output") from error
    print(target)
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} processes draw nothing: choose a whole number from 1 up")
    return int(text)


def _height(text: str) -> int:
    if not text.isdecimal() or not 90 <= int(text) <= 2160 or int(text) % 2:
        raise argparse.ArgumentTypeError(f"{text!r} pixels are no height: choose an even number from 90 to 2160")
    return int(text)


def _add_choices(command: argparse.ArgumentParser, both: bool = False) -> None:
    """What every step of a film needs to know."""
    themes = [*THEMES, *(["both"] if both else [])]
    sizes = "480p15, 720p30, 1080p60 (default) or 2160p60"
    command.add_argument("--quality", choices="lmhk", default="h", help=sizes)
    command.add_argument("--theme", choices=themes, help=THEME)
    command.add_argument("--format", choices=["mp4", "webm", "gif"], default="mp4")


def _render(options: argparse.Namespace) -> int:
    from scenes.farm import prepare

    if not options.dry_run:
        prepare(["scenes.batch", "scenes.loaded"])  # meanwhile this process loads them too
    from scenes.batch import render

    chosen = (options.theme, options.quality, options.format)
    return render(options.scenes, options.all, *chosen, options.jobs, options.dry_run)


def _export(options: argparse.Namespace) -> int:
    from scenes.exports.finished import best_there
    from scenes.exports.formats import export
    from scenes.rendering import Order, chosen_themes

    order = Order(options.scene, chosen_themes(options.scene, options.theme)[0], options.quality or "h")
    if options.quality is None:
        order = best_there(order)
    for path in export(order, options.to, options.sections, options.height, options.output):
        print(path)
    return 0


def _list(options: argparse.Namespace) -> int:
    from rich.console import Console

    from scenes.listing import list_all, list_one

    console = Console()
    if options.scene is None:
        list_all(console)
    else:
        list_one(options.scene, console)
    return 0


def _new(options: argparse.Namespace) -> int:
    from scenes.output import typed
    from scenes.starting import begin

    name = begin(options.file, options.scene, options.target)
    print(f"{options.file} holds {name}. A draft of it:  {typed(f'manim -ql {options.file} {name}')}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from scenes.doctor import examine

    return examine()


def _film(options: argparse.Namespace) -> int:
    from scenes.rendering import make

    print(make(_order(options)))
    return 0


def _section(options: argparse.Namespace) -> int:
    from scenes.rendering import draw

    print(draw(_order(options), options.sections))
    return 0


def _join(options: argparse.Namespace) -> int:
    from scenes.rendering import join

    order = _order(options)
    shares = options.shares or order.sections
    print(join(order, [names.split("+") for names in shares]))
    return 0


def _plan(options: argparse.Namespace) -> int:
    import json

    from scenes.workflow import plan

    written = json.dumps(plan(json.load(sys.stdin)))
    with written_whole(options.output) as whole:  # a job that reads the old one meanwhile sees it to its end
        whole.write_text(written, encoding="utf-8")
    return 0


def _order(options: argparse.Namespace):  # type: ignore[no-untyped-def]  # Manim is loaded only where it is needed
    from scenes.rendering import Order, chosen_themes

    theme = chosen_themes(options.scene, options.theme)[0]
    return Order(options.scene, theme, options.quality, options.format)


if __name__ == "__main__":
    sys.exit(main())
