"""The house rules that a machine can check."""

import ast
import configparser
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import manim
import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from PIL import __version__ as pillow_version

ROOT = Path(__file__).resolve().parent.parent
CORE = {path.stem: path for path in (ROOT / "diffusion_core").glob("*.py") if path.stem != "__init__"}
SCENES = sorted((ROOT / "scenes").rglob("*.py"))

# A module imports only from rows above its own. A new module must be given its place here.
ROWS = [
    {"errors", "many", "mapped", "packing"},
    {"distributions", "trajectory", "recipe", "command"},
    {"inputs", "simulation", "metrics", "npz", "schedules"}
    | {"langevin_recipes", "diffusion_recipes", "forward_recipes"},
    {"pictures", "langevin", "diffusion", "fields", "plot", "recipes"},
    {"grain"},
    {"shapes", "network", "observation", "posteriors"},
    {"compute", "recording", "training", "explored"},
    {"judging", "langevin_run", "forward_run", "explorer"},
    {"training_run"},
    {"diffusion_run"},
    {"__main__"},
]
TORCH = {"network", "training", "judging", "training_run"}


def imports(path):
    """Full names of the modules that a file imports, at any depth of its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_module_of_the_core_has_its_place():
    assert set().union(*ROWS) == set(CORE)


@pytest.mark.parametrize("name", sorted(CORE))
def test_imports_run_down(name):
    row = next(i for i, modules in enumerate(ROWS) if name in modules)
    above = set().union(*ROWS[:row])
    for imported in imports(CORE[name]):
        top, _, rest = imported.partition(".")
        assert top not in {"manim", "scenes"}, imported
        assert top != "torch" or name in TORCH, imported
        if top == "diffusion_core" and rest:
            module = rest.split(".")[0]
            assert module not in CORE or module in above, f"{name} must not import {module}"


def test_the_arrows_test_reads_imports_within_functions(tmp_path):
    (tmp_path / "a.py").write_text("def f():\n    import manim.camera\n    from diffusion_core import metrics\n")
    assert imports(tmp_path / "a.py") == {"manim.camera", "diffusion_core", "diffusion_core.metrics"}


def test_importing_the_core_is_light():
    assert not loaded_by("diffusion_core.recipes") & {"manim", "torch", "matplotlib", "scipy"}


def test_the_core_computes_without_manim_or_torch():
    heavy = {"manim", "torch", "matplotlib", "scipy"}
    for module in ("compute", "langevin_run", "diffusion_run", "diffusion"):
        assert loaded_by(f"diffusion_core.{module}") & heavy == {"scipy"}, module


@pytest.mark.parametrize(
    "film", ["langevin", "forward", "score", "training", "sampling", "dinosaur", "denoiser", "million", "gallery"]
)
def test_films_load_torch_only_when_a_network_is_needed(film):
    assert "torch" not in loaded_by(f"scenes.{film}")


def loaded_by(module):
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_no_scene_hides_a_module_that_others_import(path):
    # Manim puts the folder of the rendered file first on sys.path.
    if path.parent == ROOT / "scenes" and path.stem != "__init__":
        assert path.stem not in sys.stdlib_module_names
        assert path.stem not in packages_distributions()


def test_every_key_of_our_manim_configuration_is_known_to_manim():
    def keys(*files):
        parser = configparser.ConfigParser()
        parser.read(files)
        return {(section, key) for section in parser.sections() for key in parser[section]}

    ours = keys(ROOT / "manim.cfg")
    assert len(ours) >= 3
    assert ours <= keys(Path(manim.__file__).parent / "_config/default.cfg")


def test_manim_takes_our_configuration_from_the_projects_folder():
    code = "from manim import config; print(config.notify_outdated_version, config.max_files_cached)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.split() == ["False", "-1"]


def test_images_render_with_the_installed_pillow():
    # Manim 0.22.0's ImageMobject crashes on Pillow 13.
    assert Version(pillow_version) < Version("13")
    camera = manim.Camera(pixel_width=64, pixel_height=36)
    camera.capture_mobjects([manim.ImageMobject(np.full((8, 8), 255, np.uint8)).scale(20)])
    assert camera.pixel_array[18, 32].tolist() == [255, 255, 255, 255]


def test_the_readme_opens_with_a_moving_picture_and_the_two_commands():
    opening = (ROOT / "README.md").read_text()[:1200]
    assert "](docs/langevin.webp)" in opening
    commands = re.findall(r"^\./setup && (.*?) +#", opening, re.M)
    assert commands == [".venv/bin/manim -pqh scenes/langevin.py LangevinScene", ".venv/bin/pytest"]


def test_ci_runs_the_commands_of_the_readme():
    script = (ROOT / ".ci/run").read_text()
    assert "README.md" in script
    assert "-pqh" in script


def test_the_citation_names_the_papers():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    years = {(paper["authors"][0]["family-names"], paper["year"]) for paper in citation["references"]}
    assert {("Roberts", 1996), ("Leimkuhler", 2013), ("Song", 2019), ("Ho", 2020), ("Matejka", 2017)} <= years
    assert {("Song", 2021), ("Nichol", 2021), ("Kingma", 2021), ("Karras", 2022), ("Xu", 2023)} <= years


def test_no_file_speaks_of_one_machine():
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    words = re.compile(r"/(?:work|root|home)/\w|pythonhosted|pypi\.org|registry\.npmjs|download\.pytorch")
    files = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    assert len(files) > 40
    for name in files:
        if name.endswith((".png", ".gif", ".mp4", ".webm", ".webp")) or name == "tests/test_project.py":
            continue
        assert not words.search((ROOT / name).read_text()), name


def test_the_page_of_dependencies_names_each_with_a_reason_and_a_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [r for extra in project["optional-dependencies"].values() for r in extra]
    names = {Requirement(line).name for line in wanted} - {project["name"]}
    rows = re.findall(r"^\|(.+)\|(.+)\|(.+)\|(.*)\|$", (ROOT / "docs" / "dependencies.md").read_text(), re.M)
    told = {name for packages, reason, licence, _ in rows if reason.strip() and licence.strip() for name in
            re.findall(r"[\w-]+", packages)}  # fmt: skip
    assert names <= told, names - told
