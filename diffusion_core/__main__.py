"""The command line: `python -m diffusion_core list | precompute | inspect | verify | plot`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from diffusion_core.command import run_command

EVERY = "every recipe, but those of many particles, which take minutes and gigabytes (see `list`), only if named"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; our own errors end in one sentence and exit code 2."""
    return run_command("diffusion_core", _parser(), arguments, "nothing half-written was left behind")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m diffusion_core",
        description="Compute, check and look at particle trajectories.",
        epilog="example: python -m diffusion_core precompute smiley-ula",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, about: str, example: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}.",
            epilog=f"example: python -m diffusion_core {name}{example}",
        )  # fmt: skip
        command.set_defaults(run=globals()[f"_{name}"])
        command.add_argument("--folder", type=Path, help="where trajectories lie (default: media/trajectories)")
        return command

    add("list", "list the recipes and what of them is computed", "")
    precompute = add("precompute", "compute recipes before a render needs them", " smiley-ula smiley-ascent")
    precompute.add_argument("names", nargs="*", metavar="NAME", help="recipes, see `list`")
    precompute.add_argument("--all", action="store_true", help=EVERY)
    precompute.add_argument("--device", default="cpu", help="PyTorch's, to train on, such as cuda (default: cpu)")
    one = add("compute", "compute one recipe of any parameters", """ '{"name": "mine", "target": "spiral", …}'""")
    one.add_argument("parameters", metavar="JSON", help="all of them, as `inspect` shows those of a file")
    one.add_argument("--device", default="cpu", help="PyTorch's, to train on, such as cuda (default: cpu)")
    inspect = add("inspect", "say what is in a trajectory file", " media/trajectories/FILE.npz")
    inspect.add_argument("file", type=Path)
    verify = add("verify", "compute trajectories again and compare", " media/trajectories/FILE.npz")
    verify.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: all that are computed")
    plot = add("plot", "draw start, paths and end over the density", " media/trajectories/FILE.npz -o run.png")
    plot.add_argument("file", type=Path)
    plot.add_argument("-o", "--output", type=Path, help="the PNG to write (default: beside the file)")
    return parser


def _list(options: argparse.Namespace) -> int:
    from diffusion_core.recipe import FOLDER
    from diffusion_core.recipes import RECIPES

    width = max(map(len, RECIPES))
    for name, recipe in RECIPES.items():
        mark = "computed" if recipe.path(options.folder or FOLDER).exists() else ""
        size = f"{recipe.size / 1e9:.1f} GB" if recipe.many else ""
        print(f"{name:<{width}}  {recipe.about:<62} {size:<6} {mark}".rstrip())
    return 0


def _precompute(options: argparse.Namespace) -> int:
    from diffusion_core.compute import load_or_compute
    from diffusion_core.observation import verdict
    from diffusion_core.recipe import FOLDER
    from diffusion_core.recipes import RECIPES, find_recipe

    every = [name for name, recipe in RECIPES.items() if not recipe.many] if options.all else []
    names = list(dict.fromkeys(every + options.names))
    if not names:
        print("diffusion_core: name a recipe (see `list`), or say --all", file=sys.stderr)
        return 2
    for recipe in [find_recipe(name) for name in names]:
        trajectory = load_or_compute(recipe, options.folder or FOLDER, device=options.device)
        print(trajectory.path)
        if "distance" in trajectory.series and not (judged := verdict(trajectory)).settled:
            print(f"note: {judged.sentence}", file=sys.stderr)
    return 0


def _compute(options: argparse.Namespace) -> int:
    import json

    from diffusion_core.compute import load_or_compute
    from diffusion_core.errors import RecipeError
    from diffusion_core.recipe import FOLDER
    from diffusion_core.recipes import recipe_of

    try:
        parameters = json.loads(options.parameters)
        recipe = recipe_of(parameters)
    except (ValueError, TypeError) as error:
        raise RecipeError(f"no recipe has these parameters ({error}): `inspect` shows those of a file") from error
    print(load_or_compute(recipe, options.folder or FOLDER, device=options.device).path)
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from diffusion_core.many import measured_of
    from diffusion_core.npz import load

    trajectory = load(options.file)
    records, particles, _ = trajectory.positions.shape
    print(f"recipe      {trajectory.recipe}, seed {trajectory.seed}")
    print(f"positions   {records:,} records × {particles:,} particles, {trajectory.positions.dtype}")
    rate = "step size" if trajectory.weights is None else "of training, learning rate"
    print(f"iterations  0 to {trajectory.steps[-1]:,}, {rate} {trajectory.step_size:g}")
    if trajectory.weights is not None:
        print(f"weights     {trajectory.weights.shape[1]:,} at each record{_training_time(options.file)}")
    if trajectory.weights is None and measured_of(particles) < particles:
        print(f"measured    the first {measured_of(particles):,} particles")
    print(f"detailed    {len(trajectory.detailed)} particles with drift and noise")
    for name, grid in trajectory.grids.items():
        print(f"grid        {name}: {' × '.join(map(str, grid.values.shape))} on {grid.window}")
    for name, series in trajectory.series.items():
        labels = ", ".join(series.labels[:8]) + (" …" if len(series.labels) > 8 else "")
        print(f"series      {name}: {len(series.steps)} × {labels or 'one value'}")
    for name in ("distance", "to_noise", "to_data", "log_prob", "strays", "loss"):
        if name in trajectory.series and f"{name}_floor" in trajectory.series:
            last, floor = trajectory.series[name].values[-1], trajectory.series[f"{name}_floor"].values.ravel()[0]
            print(f"quality     {name} {float(last):.4f} at the end, {float(floor):.4f} for the truth")
    if "grain" in trajectory.series:
        last, floor = (trajectory.series[name].values[-1, -1] for name in ("grain", "grain_floor"))
        print(f"quality     grain {last:.4f} of all particles, {floor:.4f} of as many true samples")
    for name, value in trajectory.parameters.items():
        print(f"parameter   {name} = {value}")
    for name, value in trajectory.versions.items():
        print(f"version     {name} {value}")
    print(f"hash        {trajectory.hash}")
    return 0


def _training_time(file: Path) -> str:
    import json

    from diffusion_core.recipe import seconds_file

    if not (beside := seconds_file(file)).exists():
        return ""
    took = json.loads(beside.read_text())
    return f", trained in {took['seconds']} s on {took['device']}"


def _verify(options: argparse.Namespace) -> int:
    from diffusion_core.compute import verify
    from diffusion_core.errors import RecipeError
    from diffusion_core.recipe import FOLDER

    folder = options.folder or FOLDER
    files = options.files or sorted(folder.glob("*.npz"))
    if not files:
        raise RecipeError(f"there is no trajectory in '{folder}': compute one with `precompute NAME`")
    faults = 0
    for file in files:
        same, sentence = verify(file)
        print(f"{'ok   ' if same else 'WRONG'} {file.name}: {sentence}")
        faults += not same
    return 1 if faults else 0


def _plot(options: argparse.Namespace) -> int:
    from diffusion_core.npz import load
    from diffusion_core.plot import plot

    output = options.output or options.file.with_suffix(".png")
    plot(load(options.file), output)
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
