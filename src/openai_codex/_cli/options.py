"""What several commands have in common: which runtime is meant, how it is configured, and how to speak of it."""

from __future__ import annotations

import argparse

from .._config import CodexConfig

__all__ = ["NO_RUNTIME", "SOURCES", "add_codex_bin", "add_runtime_options", "add_timeout", "runtime_config"]

SOURCES = {
    "codex_bin": "from --codex-bin",
    "package": "from the package openai-codex-cli-bin",
    "PATH": "from PATH",
}
"""Where a runtime was found, by its ``source``."""
NO_RUNTIME = "the package openai-codex-cli-bin is not installed, or holds no binary, and there is no 'codex' on PATH"


def add_codex_bin(parser: argparse.ArgumentParser) -> None:
    """Let a command say which runtime it is about."""
    parser.add_argument(
        "--codex-bin",
        metavar="PATH",
        help="the runtime; by default the installed package openai-codex-cli-bin, else 'codex' on PATH",
    )


def add_timeout(parser: argparse.ArgumentParser, default: float | None, what: str) -> None:
    """Let a command say how many seconds something may take."""
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=default, help=f"{what}; by default %(default)g"
    )


def add_runtime_options(parser: argparse.ArgumentParser) -> None:
    """Let a command say which runtime it starts, and how it is configured."""
    add_codex_bin(parser)
    parser.add_argument(
        "-c",
        "--config",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        type=_override,
        help="a setting of the runtime, in TOML; may be repeated, and is visible in the list of processes",
    )
    add_timeout(parser, CodexConfig().start_timeout, "how long the runtime may take to start, and for each answer")


def runtime_config(options: argparse.Namespace) -> CodexConfig:
    """The settings of a client, from the options of a command."""
    return CodexConfig(
        codex_bin=options.codex_bin,
        config_overrides=tuple(options.config),
        start_timeout=options.timeout,
        request_timeout=options.timeout,
    )


# What does not fit is not repeated: it may be secret.
def _override(text: str) -> str:
    key, sign, _ = text.partition("=")
    if not key or not sign:
        raise argparse.ArgumentTypeError("takes KEY=VALUE")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError("takes a number of seconds, more than 0")
    return seconds
