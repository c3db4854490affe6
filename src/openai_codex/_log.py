"""The package's logger. A program that sets up no logging sees nothing of it."""

from __future__ import annotations

import logging

__all__ = ["logger"]

logger = logging.getLogger("openai_codex")
logger.addHandler(logging.NullHandler())  # without it, warnings of a library land on stderr
