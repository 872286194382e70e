"""How our command lines end: with the exit code of what they did, or with one sentence."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from diffusion_core.errors import DiffusionError


def run_command(
    program: str, parser: argparse.ArgumentParser, arguments: Sequence[str] | None, interrupted: str
) -> int:
    """Run the function that a parser has chosen as `run`, and return the exit code.

    That is the function's own; 2 for an error of ours, 130 for Ctrl-C, each after a sentence on standard error.

    Args:
        program: that speaks.
        parser: of its commands.
        arguments: of the command line; None for those of this process.
        interrupted: what to say after Ctrl-C.
    """
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except DiffusionError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{program}: interrupted; {interrupted}", file=sys.stderr)
        return 130
