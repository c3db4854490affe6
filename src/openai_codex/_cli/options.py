"""Options that several commands have: which runtime, and how it is configured."""

from __future__ import annotations

import argparse

from .._config import CodexConfig

__all__ = ["add_runtime_options", "runtime_config"]


def add_runtime_options(parser: argparse.ArgumentParser) -> None:
    """Let a command say which runtime it is about."""
    default = CodexConfig()
    parser.add_argument(
        "--codex-bin",
        metavar="PATH",
        help="the runtime; by default the installed package openai-codex-cli-bin, else 'codex' on PATH",
    )
    parser.add_argument(
        "-c",
        "--config",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        type=_override,
        help="a setting of the runtime, in TOML; may be repeated, and is visible in the list of processes",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=default.start_timeout,
        help="how long the runtime may take to start, and for each answer; by default %(default)g",
    )


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
