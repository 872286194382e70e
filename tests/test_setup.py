"""`./setup` on machines that are made of stubs: what it asks for, what it calls, how it ends."""

import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["sh", "awk", "cat", "chmod", "cksum", "cp", "dirname", "env", "grep", "mkdir", "rm", "sed", "tee", "tr"]

PYTHON = r"""
case "$1" in
-c) exec "{real}" -c 'import sys, sysconfig  # which finds the headers of the real version
sys.version_info, sys._base_executable = {version}, "{itself}"
exec(sys.argv[1])' "$2" ;;
-VV) echo "Python {version}" ;;
-m) case "$2" in
    venv)
        rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python
        printf '#!/bin/sh\necho "pip 1 from %s/.venv/lib"\n' "$PWD" >.venv/bin/pip
        : >.venv/bin/manim && chmod +x .venv/bin/* ;;
    pip) echo "$@" >>"{calls}/pip" ; {pip} ;;
    esac ;;
esac
"""


class Machine:
    """A folder with a clone and one with the only commands that this machine has."""

    def __init__(self, folder: Path) -> None:
        self.clone, self.bin, self.calls = (folder / name for name in ("a clone", "bin", "calls"))
        for made in (self.clone, self.bin, self.calls):
            made.mkdir()
        for name in ("setup", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.clone)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        self.has("uname", "echo Linux")
        self.has("id", "echo 1000")
        self.has("sudo", "exit 1")
        self.has("cc", "exit 0")
        self.has("pkg-config", "exit 0")
        self.has("xdg-open", "exit 0")
        self.has_python((3, 12, 1))

    def has(self, command: str, does: str) -> None:
        (self.bin / command).write_text(f"#!/bin/sh\n{does}\n")
        (self.bin / command).chmod(0o755)

    def lacks(self, command: str) -> None:
        (self.bin / command).unlink()

    def has_python(self, version: tuple[int, int, int], name: str = "python3", pip: str = "exit 0") -> None:
        stub = {"real": sys.executable, "itself": self.bin / name, "calls": self.calls}
        self.has(name, PYTHON.format(version=version, pip=pip, **stub))

    def lacks_cairo_until(self, installer: str) -> None:
        marker = self.calls / "cairo"
        self.has("pkg-config", f'[ -e "{marker}" ]')
        self.has(installer, f'echo "$@" >>"{self.calls / installer}"; [ "$1" = update ] || : >"{marker}"')

    def called(self, command: str) -> list[str]:
        log = self.calls / command
        return log.read_text().splitlines() if log.exists() else []

    def setup(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "sh"), str(self.clone / "setup")],
            cwd=self.calls,  # setup finds its own folder from any other
            env={"PATH": str(self.bin), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which jobs in the background ignore
        )

    def refusal(self, **environment: str) -> str:
        """The only line on stderr of a set-up that must fail and must not count as done."""
        done = self.setup(**environment)
        assert done.returncode != 0
        assert not (self.clone / ".venv" / "setup-stamp").exists()
        (line,) = done.stderr.splitlines()
        assert line.startswith("setup: ")
        return line

    def success(self, **environment: str) -> str:
        done = self.setup(**environment)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_setup_installs_the_pinned_project_and_says_how_to_make_the_film(machine):
    assert ".venv/bin/manim -pqh scenes/langevin.py LangevinScene" in machine.success()
    (call,) = machine.called("pip")
    assert call.endswith("-e .[dev,train] -c constraints.txt")


def test_on_linux_it_says_how_to_get_pytorch_without_cuda(machine):
    assert "PIP_EXTRA_INDEX_URL" in machine.success()


def test_who_has_chosen_an_index_is_not_told(machine):
    assert "PIP_EXTRA_INDEX_URL" not in machine.success(PIP_EXTRA_INDEX_URL="https://example.org/cpu")


def test_a_second_setup_does_nothing_and_needs_no_commands_that_could(machine):
    machine.success()
    for command in ("cc", "pkg-config", "sudo", "python3"):
        machine.lacks(command)
    assert machine.success() == ""
    assert len(machine.called("pip")) == 1


@pytest.mark.parametrize("file", ["setup", "pyproject.toml", "constraints.txt"])
def test_setup_runs_again_when_one_of_its_inputs_changes(machine, file):
    machine.success()
    with (machine.clone / file).open("a") as text:
        text.write("# changed\n")
    machine.success()
    assert len(machine.called("pip")) == 2


def test_setup_runs_again_in_a_folder_that_was_moved(machine):
    machine.success()
    machine.clone = machine.clone.rename(machine.clone.with_name("elsewhere"))
    machine.success()
    assert len(machine.called("pip")) == 2
    assert "elsewhere" in (machine.clone / ".venv/bin/pip").read_text()


def test_setup_makes_a_broken_environment_anew(machine):
    machine.success()
    (machine.clone / ".venv/bin/python").unlink()
    (machine.clone / ".venv/bin/python").symlink_to("/nowhere/python3")
    machine.success()
    assert len(machine.called("pip")) == 2


def test_setup_completes_a_half_made_environment(machine):
    (machine.clone / ".venv" / "bin").mkdir(parents=True)
    machine.success()
    assert (machine.clone / ".venv/bin/pip").exists()


def test_an_old_python_is_refused_in_one_sentence(machine):
    machine.has_python((3, 9, 18))
    assert "3.11 or newer is needed, only 3.9 found" in machine.refusal()
    assert not (machine.clone / ".venv").exists()


def test_a_machine_without_python_is_told_so(machine):
    machine.lacks("python3")
    assert "none found" in machine.refusal()


def test_a_newer_python_is_found_behind_an_old_one(machine):
    machine.has_python((3, 9, 18))
    machine.has_python((3, 13, 0), name="python3.13")
    assert "Python 3.13" in machine.success()


def test_the_user_chooses_the_interpreter(machine):
    machine.has_python((3, 11, 4), name="my python")
    assert "Python 3.11" in machine.success(PYTHON="../bin/my python")


def test_the_users_choice_is_not_overruled(machine):
    machine.has_python((3, 9, 18), name="old")
    assert "only 3.9" in machine.refusal(PYTHON="old")


def test_without_rights_the_one_line_to_type_is_printed(machine):
    machine.lacks_cairo_until("apt-get")
    machine.lacks("cc")
    machine.lacks("xdg-open")
    line = "sudo apt-get install gcc libc6-dev libcairo2-dev libpango1.0-dev xdg-utils"
    assert machine.refusal().endswith(line)
    assert machine.called("apt-get") == []


@pytest.mark.parametrize("rights", ["root", "sudo"])
def test_with_rights_the_missing_packages_are_installed(machine, rights):
    machine.lacks_cairo_until("apt-get")
    if rights == "root":
        machine.has("id", "echo 0")
        machine.lacks("sudo")
    else:
        machine.has("sudo", '[ "$1" = -n ] && shift && if [ "$1" != true ]; then exec "$@"; fi')
    machine.success()
    assert machine.called("apt-get") == ["update", "install -y libcairo2-dev libpango1.0-dev"]


def test_an_installation_that_brings_nothing_is_noticed(machine):
    machine.has("id", "echo 0")
    machine.has("pkg-config", '[ "$2" != pangocairo ]')
    machine.has("apt-get", "exit 0")
    assert "still missing after the installation: pango;" in machine.refusal()


def test_a_failing_installation_names_its_log(machine):
    machine.has("id", "echo 0")
    machine.has("pkg-config", "exit 1")
    machine.has("apt-get", "echo no such package; exit 100")
    assert "build/setup.log" in machine.refusal()
    assert "no such package" in (machine.clone / "build" / "setup.log").read_text()


def test_only_the_film_player_may_be_missing(machine):
    machine.lacks("xdg-open")
    assert "leave out the p" in machine.success()


def test_an_unknown_system_is_told_which_libraries(machine):
    machine.has("pkg-config", "exit 1")
    assert re.search(r"cairo and pango with their headers \(cairo pango missing\)", machine.refusal())


def test_on_macos_homebrew_installs_the_libraries(machine):
    machine.has("uname", "echo Darwin")
    machine.lacks("xdg-open")
    machine.lacks_cairo_until("brew")
    assert "CUDA" not in machine.success()
    assert machine.called("brew") == ["install cairo pango"]


def test_on_macos_the_compiler_comes_from_apple(machine):
    machine.has("uname", "echo Darwin")
    machine.has("cc", "exit 1")
    assert machine.refusal().endswith("xcode-select --install")


def test_a_failing_pip_names_its_log_and_leaves_no_stamp(machine):
    machine.has_python((3, 12, 1), pip="echo ERROR: no network; exit 1")
    assert "build/setup.log" in machine.refusal()
    assert "ERROR: no network" in (machine.clone / "build" / "setup.log").read_text()


def test_a_failed_update_does_not_leave_the_old_stamp(machine):
    machine.success()
    with (machine.clone / "constraints.txt").open("a") as text:
        text.write("# changed\n")
    machine.has_python((3, 12, 1), pip="exit 1")
    shutil.copy(machine.bin / "python3", machine.clone / ".venv" / "bin" / "python")
    machine.refusal()


def test_another_projects_environment_behind_a_link_is_not_emptied(machine, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "theirs").touch()
    (machine.clone / ".venv").symlink_to(other)
    assert "is a link to another environment" in machine.refusal()
    assert (other / "theirs").exists()


def test_an_interrupted_setup_does_not_count(machine):
    machine.has_python((3, 12, 1), pip="kill -INT 0; sleep 1")
    assert "interrupted" in machine.refusal()


def test_every_dependency_is_pinned_within_its_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = re.findall(r"^[^#].*", (ROOT / "constraints.txt").read_text(), re.M)
    here = (pin for pin in map(Requirement, lines) if pin.marker is None or pin.marker.evaluate())
    pins = {canonicalize_name(pin.name): pin for pin in here}
    wanted = project["dependencies"] + [r for extra in project["optional-dependencies"].values() for r in extra]
    others = (one for one in map(Requirement, wanted) if one.name != project["name"])  # an extra may name others
    for requirement in others:
        (pin,) = pins[canonicalize_name(requirement.name)].specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), requirement
