"""Runs many commands a few at a time, each after those that it waits for; what fails stops only what needs it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

PATIENCE: Final = 10.0
"""Seconds that a process has to put things in order after an interruption."""
LOOK: Final = 0.1
"""Seconds between two looks at what runs."""
TAIL: Final = 2000
"""Characters of a log that are shown."""


@dataclass(frozen=True)
class Task:
    """A command to run.

    Args:
        name: of the task, unique.
        command: the words of it.
        log: the file that takes what it says.
        group: whose bar it moves.
        after: names of the tasks that must be done before; those that are not on the list are.
    """

    name: str
    command: Sequence[str]
    log: Path
    group: str
    after: frozenset[str] = field(default_factory=frozenset)


def run(tasks: Sequence[Task], jobs: int, console: Console | None = None) -> dict[str, str]:
    """Run all tasks, at most so many at a time, earlier ones first; show a bar for each group.

    Returns:
        What went wrong, by the names of the tasks that failed or could not be begun.

    Raises:
        KeyboardInterrupt: by Ctrl-C or SIGTERM; the running tasks were told to stop, and have.
    """
    waiting, running, faults = list(tasks), {}, {}
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
                for task in [task for task in waiting if not task.after & open_names][: jobs - len(running)]:
                    waiting.remove(task)
                    running[task.name] = _Running(task)
                time.sleep(LOOK if running else 0)
                for name, process in list(running.items()):
                    _show(progress, bars[process.task.group], process)
                    if (code := process.popen.poll()) is None:
                        continue
                    del running[name]
                    process.output.close()
                    open_names.discard(name)
                    progress.advance(bars[process.task.group])
                    if code != 0:
                        faults[name] = _fault(process.task, code)
        except KeyboardInterrupt:
            _stop([process.popen for process in running.values()])
            raise
    return faults


class _Running:
    """A task that has been begun."""

    def __init__(self, task: Task) -> None:
        task.log.parent.mkdir(parents=True, exist_ok=True)
        self.task = task
        self.output: IO[bytes] = open(task.log, "w+b")  # noqa: SIM115 (closed where the process is reaped)
        self.popen = subprocess.Popen(
            task.command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT
        )

    @property
    def last_words(self) -> str:
        """The last line, or state of a bar, that the process has written."""
        with open(self.task.log, "rb") as log:
            log.seek(max(0, self.task.log.stat().st_size - 500))
            written = log.read().decode(errors="replace")
        lines = [line.strip() for line in written.replace("\r", "\n").split("\n")]
        return next((line for line in reversed(lines) if line), "")


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


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Interrupt processes; a second Ctrl-C, or no answer, ends them."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + PATIENCE
    try:
        for process in processes:
            process.wait(max(0.0, deadline - time.monotonic()))
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        for process in processes:
            process.kill()
            process.wait()


def _fault(task: Task, code: int) -> str:
    """How a task ended, and the end of its log."""
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    said = task.log.read_text(errors="replace").replace("\r", "\n").strip()[-TAIL:]
    return f"{how}; its log, {task.log}, ends:\n{said}"
