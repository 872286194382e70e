"""The commands for those who begin: list, new, doctor."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from finished_films import scenes

from scenes import doctor
from scenes.__main__ import main
from scenes.attributes import attributes_of, explained
from scenes.doctor import Check, MissingError, examine
from scenes.films import films, find_film
from scenes.starting import begin


@pytest.mark.parametrize("name", films())
def test_every_attribute_of_every_film_is_explained(name):
    for attribute in explained(find_film(name)):
        assert attribute.meaning, f"{name}.{attribute.name}"


def test_list_names_every_film_and_its_first_line(capsys):
    assert main(["list"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for name in films():
        assert name in said
    assert "OneStepScene" in said


def test_list_of_a_film_shows_sections_defaults_and_the_next_commands(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["list", "LangevinScene"]) == 0
    said = capsys.readouterr().out
    assert "sections: cold open, target, score, noise off" in said
    rows = dict(line.split()[:2] for line in said.splitlines() if len(line.split()) > 1)
    assert {name: rows[name] for name in ("target", "steps", "step_size")} == {
        "target": "'smiley'", "steps": "6000", "step_size": "0.001",
    }  # fmt: skip
    assert "new my_langevin.py --from LangevinScene" in said


@pytest.mark.parametrize("name", [*films(), "OneStepScene"])
def test_a_new_film_is_a_scene_with_the_same_attributes_whatever_is_uncommented(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = Path("my_own_film.py")
    target = "ring" if "target" in attributes_of(find_film(name)) else None
    assert begin(file, name, target) == "MyOwnFilm"
    made = find_film(f"{file}:MyOwnFilm")
    assert issubclass(made, find_film(name))
    assert attributes_of(made) == attributes_of(find_film(name)) | ({"target": "ring"} if target else {})
    lines = file.read_text().splitlines()
    values = {attribute.name for attribute in explained(find_film(name))}
    bare = [line.replace("# ", "", 1) if line.strip().removeprefix("# ").split(" = ")[0] in values else line
            for line in lines]  # fmt: skip
    body = ast.parse("\n".join(bare)).body[-1].body
    assert {line.targets[0].id for line in body if isinstance(line, ast.Assign)} == values


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["there.py"], "is there already"),
        (["no/where.py"], "there is no folder 'no'"),
        (["my-film.py"], "cannot be imported: choose a name like my_film.py"),
        (["film.txt"], "cannot be imported"),
        (["class.py"], "cannot be imported"),
        (["numpy.py"], "would hide the library 'numpy'"),
        (["json.py"], "would hide the library 'json'"),
        (["langevin_scene.py"], "would hold another LangevinScene"),
        (["mine.py", "--from", "LangevinScen"], "did you mean 'LangevinScene'?"),
        (["mine.py", "--target", "nothing.png"], "nothing.png"),
        (["mine.py", "--target", "rign"], "ring"),
    ],
)
def test_a_film_that_cannot_be_begun_ends_in_one_sentence_and_leaves_no_file(
    words, sentence, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("there.py").write_text("")
    assert main(["new", *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.py"]


def test_an_unknown_scene_is_answered_with_the_nearest(capsys):
    assert main(["list", "DinosaurScen"]) == 2
    assert "did you mean 'DinosaurScene'?" in capsys.readouterr().err


def test_this_machine_is_well(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "✗" not in said
    assert len(said.splitlines()) == len(doctor.CHECKS) + 2


def raising(error):
    def look():
        raise error

    return look


@pytest.mark.parametrize("needed", [True, False])
@pytest.mark.parametrize("error", [MissingError("gone: do this"), RuntimeError("so it is")])
def test_only_what_films_need_makes_the_exit_code_1(needed, error, capsys):
    assert examine((Check("thing", raising(error), needed), Check("other", lambda: "well", True))) == needed
    said = capsys.readouterr().out
    assert str(error) in said
    assert said.startswith("✗" if needed else "○")
    assert "✓ other" in said


def look(name):
    return next(check.look for check in doctor.CHECKS if check.name == name)()


@pytest.mark.parametrize(
    ("name", "module"),
    [("cairo", "cairo"), ("pango", "manimpango"), ("manim", "manim"), ("Typst", "typst"), ("H.264", "av"),
     ("PyTorch", "torch"), ("python-pptx", "pptx"), ("manim-slides", "manim_slides"), ("Jupyter", "ipykernel"),
     ("anywidget", "anywidget")],
)  # fmt: skip
def test_a_library_that_is_missing_is_told_with_its_remedy(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingError, match=r"setup|pip install"):
        look(name)


@pytest.mark.parametrize("name", ["player", "LibreOffice", "Chromium"])
def test_a_program_that_is_missing_is_told_with_its_remedy(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingError, match=r"not found: .*(apt-get|brew) install"):
        look(name)


def test_another_manim_an_older_python_and_a_full_disk_are_told(monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "0.21.0")
    with pytest.raises(MissingError, match=r"0\.21\.0 is not 0\.22"):
        look("manim")
    monkeypatch.setattr(doctor, "OLDEST", (4, 0))
    with pytest.raises(MissingError, match=r"install 3\.11 or newer"):
        look("Python")
    monkeypatch.setattr(doctor, "LEAST_DISK", 1e18)
    with pytest.raises(MissingError, match="GB free here"):
        look("disk")


def test_a_folder_that_cannot_be_written_to_is_told(monkeypatch):
    def refuse(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    with pytest.raises(MissingError, match="cannot be written to"):
        look("folder")


def test_a_codec_that_is_missing_is_told():
    with pytest.raises(MissingError, match="PyAV cannot encode with no_such_codec"):
        doctor._encoder("no_such_codec")()


def test_the_doctor_speaks_where_manim_and_numpy_cannot_be_loaded(tmp_path):
    for name in ("manim", "numpy", "cairo"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('broken on purpose')")
    said = scenes(tmp_path, "doctor")
    assert said.returncode == 1, said.stderr
    assert said.stdout.count("broken on purpose") >= 3
    assert "✓ Typst" in said.stdout



def test_new_is_typed_as_the_readme_says(tmp_path):
    made = scenes(tmp_path, "new", "my_film.py", "--from", "DinosaurScene", "--target", "spiral")
    assert made.returncode == 0, made.stderr
    assert "manim -ql my_film.py MyFilm" in made.stdout
    code = "import my_film; print(my_film.MyFilm.target)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "spiral\n"
