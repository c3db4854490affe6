"""What the schema does not say and a human decided: ``overrides.toml``, read and kept count of.

Every lookup marks its entry as used; what is never used is stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import tomli

from openai_codex._transport.dump import VERSION

from .findings import CodegenError, Finding

__all__ = ["OVERRIDES_FILE", "Overrides"]

OVERRIDES_FILE = Path(__file__).with_name("overrides.toml")
_TABLES = ("response", "open_enum", "refusal", "rpc_name")
_LISTS = ("core_types", "long_running", "replaced_types", "secret_fields")


def _version(text: object) -> tuple[int, ...]:
    """The release that a version belongs to; () for what is none."""
    found = VERSION.fullmatch(text) if isinstance(text, str) else None
    return () if found is None else tuple(map(int, found[1].split(".")))


def _limits(entry: dict[str, Any], *keys: str) -> bool:
    """Whether a table has these keys and no others but limits, which are versions."""
    return entry.keys() - {"since", "until"} <= set(keys) and all(
        _version(entry[key]) for key in ("since", "until") if key in entry
    )


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in cast("list[object]", value))


def _name(entry: object) -> str | None:
    """The name of an entry of a list: text, or a table that says for which runtimes the name stands."""
    if isinstance(entry, dict):
        entry = cast("dict[str, object]", entry).get("name")
    return entry if isinstance(entry, str) else None


def _names(value: object) -> bool:
    entries = cast("list[object]", value) if isinstance(value, list) else [None]
    tables = [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]
    return None not in map(_name, entries) and all(_limits(table, "name") for table in tables)


def _is_error(value: object) -> bool:
    error: dict[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    return error.keys() == {"code", "message"} and isinstance(error["code"], int) and isinstance(error["message"], str)


def _misshapen(data: dict[str, Any]) -> Iterator[str]:
    """Entries that are not of the shape of their section."""
    for section, content in data.items():
        table: dict[str, Any] = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        if not isinstance(content, dict) or (section in _LISTS and not _names(table.get("names"))):
            yield f"[{section}] is not of its shape"
            continue
        for name, value in table.items() if section in _TABLES else ():
            entry: dict[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
            good = {
                "response": isinstance(value, str) or (isinstance(entry.get("type"), str) and _limits(entry, "type")),
                "open_enum": _strings(entry.get("values")) and _limits(entry, "values"),
                "refusal": _limits(entry, "result", "error", "clock")
                and len(entry.keys() & {"result", "error", "clock"}) == 1
                and isinstance(entry.get("clock", ""), str)
                and ("error" not in entry or _is_error(entry["error"])),
                "rpc_name": _strings(cast("object", value)) and len(cast("list[str]", value)) == 2,
            }
            if not good[section]:
                yield f"[{section}] {name} is not of the section's shape"


class Overrides:
    """The reviewed exceptions, by section and name."""

    def __init__(self, path: Path = OVERRIDES_FILE, *, runtime_version: str = "") -> None:
        self.path = path
        try:
            data: dict[str, Any] = tomli.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CodegenError([Finding(path.name, str(error), "mend the file")]) from error
        unknown = sorted(set(data) - {*_TABLES, *_LISTS})
        if unknown:
            step = f"the sections are {', '.join((*_TABLES, *_LISTS))}"
            raise CodegenError([Finding(path.name, f"unknown section {unknown[0]}", step)])
        findings = [Finding(path.name, reason, "mend the entry") for reason in _misshapen(data)]
        if findings:
            raise CodegenError(findings)
        self._tables: dict[str, dict[str, Any]] = {
            section: {key: value for key, value in data.get(section, {}).items() if self._holds(value, runtime_version)}
            for section in _TABLES
        }
        for section in _LISTS:
            self._tables[section] = {
                name: True
                for entry in data.get(section, {}).get("names", [])
                if (name := _name(entry)) is not None and self._holds(entry, runtime_version)
            }
        self._used: set[tuple[str, str]] = set()

    @staticmethod
    def _holds(value: Any, runtime_version: str) -> bool:
        """Whether an entry is for this runtime: from ``since`` on, and before ``until``."""
        limits = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        version = _version(runtime_version)
        if not version:
            return True
        since, until = (_version(limits.get(key)) for key in ("since", "until"))
        return version >= since and (not until or version < until)

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
            Finding(
                self.path.name,
                f"[{section}] {name} matches nothing in this schema",
                "remove or limit it (since, until)",
            )
            for section, table in self._tables.items()
            for name in table
            if (section, name) not in self._used
        ]
