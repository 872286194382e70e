"""What the command line takes for a draft at -ql: a film, the same from the cache, and one section alone."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TRAJECTORIES = Path("media/trajectories").resolve()


def manim(folder: Path, source: str, name: str, *options: str) -> tuple[float, float]:
    """Render a scene at -ql into a folder: seconds from start to end, and the most memory held, in MB."""
    command = [sys.executable, "-m", "manim", "render", "-ql", "--progress_bar", "none", "-v", "WARNING"]
    command += ["--media_dir", str(folder), *options, source, name]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": "."})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - start, used.ru_maxrss / 1e3


def sections(folder: Path, name: str) -> dict[str, float]:
    """Seconds of film of each section, by what `--save_sections` left in a folder."""
    (index,) = folder.glob(f"videos/**/sections/{name}.json")
    seconds: dict[str, float] = {}
    for beat in json.loads(index.read_text()):
        section = beat["name"].partition(":")[0]
        seconds[section] = seconds.get(section, 0.0) + float(beat["duration"])
    return seconds


def draft_row(name: str, module: str) -> dict[str, Any]:
    """A film's drafts: seconds of film a second, the wait for its longest section, memory."""
    source = module.replace(".", "/") + ".py"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "trajectories").symlink_to(TRAJECTORIES)
        whole, memory = manim(folder, source, name, "--save_sections")
        told = sections(folder, name)
        cached, _ = manim(folder, source, name)
        longest = max(told, key=told.__getitem__)
        draft = folder / "draft.py"
        draft.write_text(f"from {module} import {name}\n\n\nclass Draft({name}):\n    only = {longest!r}\n")
        seen, _ = manim(folder, str(draft), "Draft")
    duration = sum(told.values())
    return {
        "film": name,
        "film at -ql s": whole,
        "over its duration": whole / duration,
        "MB at -ql": memory,
        "from the cache s": cached,
        "longest section": longest,
        "edit to see s": seen,
    }
