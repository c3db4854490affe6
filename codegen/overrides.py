"""What the schema does not say and a human decided: ``overrides.toml``, read and kept count of.

Every lookup marks its entry as used; what is never used is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import tomli

from .findings import CodegenError, Finding

__all__ = ["OVERRIDES_FILE", "Overrides"]

OVERRIDES_FILE = Path(__file__).with_name("overrides.toml")
_TABLES = ("response", "open_enum", "refusal", "rpc_name")
_LISTS = ("core_types", "long_running", "replaced_types", "secret_fields")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


class Overrides:
    """The reviewed exceptions, by section and name."""

    def __init__(self, path: Path = OVERRIDES_FILE, *, runtime_version: str = "") -> None:
        self.path = path
        try:
            data: dict[str, Any] = tomli.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomli.TOMLDecodeError) as error:
            raise CodegenError([Finding(path.name, str(error), "mend the file")]) from error
        unknown = sorted(set(data) - {*_TABLES, *_LISTS})
        if unknown:
            step = f"the sections are {', '.join((*_TABLES, *_LISTS))}"
            raise CodegenError([Finding(path.name, f"unknown section {unknown[0]}", step)])
        self._tables: dict[str, dict[str, Any]] = {
            section: {
                key: value for key, value in data.get(section, {}).items() if not self._expired(value, runtime_version)
            }
            for section in _TABLES
        }
        for section in _LISTS:
            self._tables[section] = dict.fromkeys(data.get(section, {}).get("names", []), True)
        self._used: set[tuple[str, str]] = set()

    @staticmethod
    def _expired(value: Any, runtime_version: str) -> bool:
        until = cast("dict[str, Any]", value).get("until") if isinstance(value, dict) else None
        return bool(until and runtime_version and _version(runtime_version) >= _version(str(until)))

    def get(self, section: str, name: str) -> Any:
        """The entry, marked as used, or None."""
        value = self._tables[section].get(name)
        if value is not None:
            self._used.add((section, name))
        return value

    def names(self, section: str) -> Iterable[str]:
        """All names of a section, without marking any."""
        return tuple(self._tables[section])

    def stale(self) -> list[Finding]:
        """Entries that nothing asked for."""
        return [
            Finding(self.path.name, f"[{section}] {name} matches nothing in this schema", "remove the entry")
            for section, table in self._tables.items()
            for name in table
            if (section, name) not in self._used
        ]
