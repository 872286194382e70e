"""./setup under conditions that this machine does not have, played by stand-ins on the PATH."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = "sh dirname cat cksum uname mktemp paste sed rm id env pkg-config cc mkdir cp".split()
GOOD_PYTHON = """#!/bin/sh
case "$*" in
    -V) echo "Python 3.12.0" ;;
    "-m venv --clear .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip install "*) echo "no matching distribution" >&2; exit PIP ;;
esac
exit 0
"""


@pytest.fixture
def place(tmp_path):
    """A folder with the project's setup and a PATH on which only the named tools stand."""
    folder, tools = tmp_path / "a project", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    for name in ("setup", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    for name in TOOLS:
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    (tools / "xdg-open").symlink_to("/bin/sh")

    def run(python=GOOD_PYTHON.replace("PIP", "0"), absent=(), **stand_ins):
        (tools / "python3").write_text(python)
        (tools / "python3").chmod(0o755)
        for name, script in stand_ins.items():
            path = tools / name.replace("_", "-")
            path.unlink(missing_ok=True)
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        for name in absent:
            (tools / name).unlink()
        environment = {"PATH": str(tools), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
        command = [tools / "sh", folder / "setup"]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)

    run.folder, run.tools = folder, tools
    return run


def one_sentence(run):
    assert run.returncode != 0
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("setup: ")
    return lines[0]


def test_an_old_python_is_named_with_the_remedy(place):
    said = one_sentence(place(python="#!/bin/sh\nexit 1\n"))
    assert "no Python 3.11 or newer" in said
    assert "PYTHON=" in said


def test_without_the_right_to_install_the_line_to_type_is_printed(place):
    run = place(absent=["pkg-config"], id="echo 1000", sudo="exit 1", apt_get="exit 0")
    said = one_sentence(run)
    assert "missing: pkg-config" in said
    assert "apt-get install -y python3-venv python3-dev gcc pkg-config libcairo2-dev libpango1.0-dev xdg-utils" in said
    assert not (place.folder / ".venv").exists()


def test_as_root_missing_parts_are_installed(place):
    install = f'[ "$1" = update ] || ln -sf {shutil.which("true")} "{place.tools}/pkg-config"'
    (place.tools / "ln").symlink_to(shutil.which("ln"))
    run = place(absent=["pkg-config"], id="echo 0", apt_get=install)
    assert run.returncode == 0, run.stderr
    assert "installing system packages (pkg-config)" in run.stdout


def test_on_an_unknown_system_the_libraries_are_named(place):
    said = one_sentence(place(absent=["pkg-config"]))
    assert "cairo and pango" in said


def test_a_failed_installation_says_where_the_log_is_and_leaves_no_stamp(place):
    said = one_sentence(place(python=GOOD_PYTHON.replace("PIP", "1")))
    log = said.split("of ")[1].split(" say")[0]
    assert "no matching distribution" in Path(log).read_text()
    assert not (place.folder / ".venv/setup-done").exists()


def test_the_second_run_does_nothing_and_a_changed_requirement_does(place):
    first = place()
    assert first.returncode == 0, first.stderr
    assert "setup: done" in first.stdout
    broken = GOOD_PYTHON.replace("PIP", "1")  # pip would fail if it were asked
    (place.folder / ".venv/bin/python").write_text(broken)
    second = place(python=broken)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    with open(place.folder / "constraints.txt", "a") as constraints:
        constraints.write("new==1\n")
    assert "pip could not install" in one_sentence(place(python=broken))


def test_a_half_made_environment_is_made_again(place):
    (place.folder / ".venv/bin").mkdir(parents=True)
    assert place().returncode == 0
    assert os.access(place.folder / ".venv/bin/python", os.X_OK)
