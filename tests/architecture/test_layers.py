"""Imports point down only. The tables below are the architecture; the tests only read them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.source import Import, Module, package_modules

# From the top down. A module belongs to the longest prefix that fits it, and may import from its own layer and from
# every layer below, at any moment: when imported, when called, and for type checkers alone.
LAYERS: list[tuple[str, tuple[str, ...]]] = [
    ("entry", ("", "errors", "models", "protocol", "retry", "types")),
    ("testing", ("testing",)),
    ("facade", ("_async", "_sync")),
    ("rpc", ("_generated.rpc_async", "_generated.rpc_sync", "_rpc", "_calls", "_refusal")),
    ("engine", ("_engine", "_compat")),
    ("transport", ("_transport",)),
    ("core", ("_core",)),
    ("values", ("_config", "_inputs", "_metadata", "_policy", "_results")),
    ("models", ("_generated.models", "_generated._methods", "_generated._docs")),
    ("base", ("_model", "_unset", "_json", "errors", "_generated", "_generated._version")),
]

# (importing module, imported module, when): why it may point up.
UPWARD: dict[tuple[str, str, str], str] = {}

# Modules that do something to the world, and the only modules of the package that may import them.
CONFINED: dict[str, tuple[str, ...]] = {
    "asyncio": ("_compat", "_engine"),
    "concurrent": ("_engine",),
    "http": ("testing",),
    "multiprocessing": (),
    "queue": ("_engine",),
    "select": ("_engine",),
    "selectors": ("_engine",),
    "signal": ("_transport",),
    "socket": ("_transport", "testing"),
    "socketserver": ("testing",),
    "ssl": ("_transport",),
    "subprocess": ("_transport",),
    "threading": ("_compat", "_engine", "_model", "_transport", "testing"),
    "time": ("_compat", "_engine", "_refusal", "testing"),
}
