"""The description that this package ships: that of the schema from which it was generated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from .description import Description, loads

__all__ = ["results", "shipped"]


@cache
def shipped() -> Description:
    """The description, read once; from a wheel as from a zip."""
    from .. import _generated  # the pipeline uses this package before anything is generated

    return loads(resources.files(_generated).joinpath("schema.json").read_text(encoding="utf-8"))


@cache
def results() -> Mapping[str, str]:
    """Result type of each request, in both directions. A runtime's own schema never states it."""
    answered = (*shipped().requests.items(), *shipped().server_requests.items())
    return {method: message.result for method, message in answered if message.result}
