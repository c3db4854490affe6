"""The command line ``python -m openai_codex``: which commands there are, and how each of them ends.

A command is a module with two names: ``HELP``, a line about it, and ``set_up``, which gives its parser a description,
options or commands below it, and as default ``run`` the function from the parsed options to the exit code. What it
needs is imported when it runs, so that ``--help`` and usage errors cost nothing.

Exit codes: 0 for a command that found nothing wrong, 1 for one that did, 2 for wrong usage, 3 where the reader of the
output left before its end, 130 after Ctrl-C. What ``schema`` compares has verdicts, which are exit codes of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import cast

from .._generated._version import PACKAGE_VERSION, RUNTIME_VERSION
from .._log import logger
from . import doctor, schema
from .interrupts import Interrupts

__all__ = ["main"]

_COMMANDS = {"doctor": doctor, "schema": schema}

_READER_LEFT = 3  # 1 and 2 are verdicts
_INTERRUPTED = 130  # what shells say of a program that was ended by Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: Its words; None takes those of this process.

    Returns:
        The exit code. Wrong usage raises SystemExit with it.
    """
    options = _parser().parse_args(arguments)
    run = cast("Callable[[argparse.Namespace], int]", options.run)
    was_disabled, logger.disabled = logger.disabled, True  # what handlers write would land between the lines
    interrupts = Interrupts()
    try:
        with interrupts:
            return run(options)
    except BrokenPipeError:  # as ``| head`` does; the interpreter must not try to write the rest
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_LEFT
    except BaseException as error:
        if not interrupts.seen and not isinstance(error, KeyboardInterrupt):
            raise
        return _INTERRUPTED
    finally:
        logger.disabled = was_disabled


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m openai_codex", description="Tools for programs that use the Codex app-server."
    )
    version = f"openai-codex {PACKAGE_VERSION} (schema {RUNTIME_VERSION})"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        command.set_up(commands.add_parser(name, help=command.HELP))
    return parser
