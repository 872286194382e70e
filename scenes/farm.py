"""Runs many commands a few at a time, each after those that it waits for; what fails stops only what needs it.

Each is a process of its own, as `python -m` would make it; but on Linux they are forked off one that has already
loaded what they need, which takes Manim a second. (On macOS each begins anew: its libraries may not be forked.)
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

FORKED: Final = "forkserver" if sys.platform == "linux" else "spawn"
"""How a process begins, as `multiprocessing` calls it."""
PATIENCE: Final = 10.0
"""Seconds that a process has to put things in order after an interruption."""
LOOK: Final = 0.1
"""Seconds between two looks at what runs, unless something ends before."""
TAIL: Final = 2000
"""Characters of a log that are shown."""


@dataclass(frozen=True)
class Task:
    """A command to run.

    Args:
        name: of the task, unique.
        command: the words that would follow `python -m`.
        log: the file that takes what it says.
        group: whose bar it moves.
        after: names of the tasks that must be done before; those that are not on the list are.
        keeps: to one core while there is a process for each. A film's drawing and its encoder take turns
            there with a twentieth less work than when they wander between cores that others use as well.
    """

    name: str
    command: Sequence[str]
    log: Path
    group: str
    after: frozenset[str] = field(default_factory=frozenset)
    keeps: bool = False


def prepare(modules: Sequence[str]) -> None:
    """Begin to load modules that most tasks need, in the process that theirs are forked off, and do not wait."""
    if FORKED == "forkserver":
        forkserver.set_forkserver_preload(list(modules))
        forkserver.ensure_running()


def run(tasks: Sequence[Task], jobs: int, console: Console | None = None) -> dict[str, str]:
    """Run all tasks, at most so many at a time, earlier ones first; show a bar for each group.

    Args:
        tasks: to run.
        jobs: processes at a time.
        console: for the bars; standard error by default.

    Returns:
        What went wrong, by the names of the tasks that failed or could not be begun.

    Raises:
        KeyboardInterrupt: by Ctrl-C or SIGTERM; the running tasks were told to stop, and have.
    """
    waiting, faults = list(tasks), {}
    running: dict[str, _Running] = {}
    cores = _cores_of_all(jobs)
    context = multiprocessing.get_context(FORKED)
    open_names = {task.name for task in tasks}
    with _bars(console) as progress, _interruptible():
        bars = {
            group: progress.add_task(group, total=sum(task.group == group for task in tasks), at="")
            for group in dict.fromkeys(task.group for task in tasks)
        }
        try:
            while waiting or running:
                for task in [task for task in waiting if task.after & faults.keys()]:
                    waiting.remove(task)
                    open_names.discard(task.name)
                    faults[task.name] = f"needs {', '.join(sorted(task.after & faults.keys()))}"
                ready = [task for task in waiting if not task.after & open_names]
                many = len(running) + len(ready) >= jobs
                for task in ready[: jobs - len(running)]:
                    waiting.remove(task)
                    free = cores - {other.core for other in running.values()} if many and task.keeps else None
                    running[task.name] = _Running(task, context, min(free) if free else None)
                wait([one.process.sentinel for one in running.values()], LOOK)
                for name, process in list(running.items()):
                    _show(progress, bars[process.task.group], process)
                    if (code := process.process.exitcode) is None:
                        continue
                    del running[name]
                    open_names.discard(name)
                    progress.advance(bars[process.task.group])
                    if code != 0:
                        faults[name] = _fault(process.task, code)
        except KeyboardInterrupt:
            _stop([process.process for process in running.values()])
            raise
    return faults


class _Running:
    """A task that has been begun."""

    def __init__(self, task: Task, context: Any, core: int | None) -> None:
        task.log.parent.mkdir(parents=True, exist_ok=True)
        task.log.write_bytes(b"")
        self.task, self.core = task, core
        self.process = context.Process(target=_work, args=(list(task.command), str(task.log), core))
        self.process.start()

    @property
    def last_words(self) -> str:
        """The last line, or state of a bar, that the process has written."""
        with open(self.task.log, "rb") as log:
            log.seek(max(0, self.task.log.stat().st_size - 500))
            written = log.read().decode(errors="replace")
        lines = [line.strip() for line in written.replace("\r", "\n").split("\n")]
        return next((line for line in reversed(lines) if line), "")


def _cores_of_all(jobs: int) -> set[int]:
    """The cores that we may use, if there are as many processes and the system lets them be chosen; else none."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    return cores if len(cores) == jobs else set()


def _work(words: list[str], log: str, core: int | None) -> None:
    """What `python -m` does with these words, in a process of its own, whose output goes into a file."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    with open(log, "ab", buffering=0) as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _show(progress: Progress, bar: TaskID, process: _Running) -> None:
    if progress.console.is_terminal:
        progress.update(bar, at=process.last_words[:48])


@contextmanager
def _bars(console: Console | None) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[at]}", markup=False),
    )  # fmt: skip
    with Progress(*columns, console=console or Console(file=sys.stderr), refresh_per_second=4) as progress:
        yield progress


@contextmanager
def _interruptible() -> Iterator[None]:
    """Treat SIGTERM, which a cluster sends to a job at its end, like Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> Any:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(processes: Sequence[Any]) -> None:
    """Interrupt processes; a second Ctrl-C, or no answer, ends them."""
    for process in processes:
        if process.is_alive():
            os.kill(process.pid, signal.SIGINT)
    deadline = time.monotonic() + PATIENCE
    with suppress(KeyboardInterrupt):
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
    for process in processes:
        process.kill()  # those that have not ended
        process.join()


def _fault(task: Task, code: int) -> str:
    """How a task ended, and the end of its log."""
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    said = task.log.read_text(errors="replace").replace("\r", "\n").strip()[-TAIL:]
    return f"{how}; its log, {task.log}, ends:\n{said}"
