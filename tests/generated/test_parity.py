"""Names of types, fields and enum members, held against the official package of the same runtime version.

Code that was written for its models finds the same names here. What differs is listed with the reason; a difference
that is not listed fails, and so does an entry of the list that is no difference any more.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from openai_codex._generated import models
from tests.generated.catalogue import CLASSES, ENUMS, RECORDED_WITH, TYPES, needs_recorded_schema

pytestmark = needs_recorded_schema

OFFICIAL: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / f"data/official-types-{RECORDED_WITH}.json").read_text(encoding="utf-8")
)

ENVELOPES = re.compile(r"\w+(?:ServerNotification|Request)")
"""Whole JSON-RPC messages; here a message is a method and its params (``Notification``, ``codex.rpc``)."""
ENVELOPE_FIELDS = ({"id", "method", "params"}, {"method", "params", "emitted_at_ms"})

MODEL_DIFFERENCES: dict[str, tuple[str | None, str]] = {
    "CodexAppServerProtocolV2": (None, "the schema document itself, not a type"),
    "FileIdContentItem": ("InputImageContentItem", "one variant for both ways to name the image, both optional"),
    "FileIdFunctionCallOutputContentItem": (
        "InputImageFunctionCallOutputContentItem",
        "one variant for both ways to name the image, both optional",
    ),
    "FileIdUserInput": ("ImageUserInput", "one variant for both ways to name the image, both optional"),
    "FileSystemSpecialPath1": ("UnknownFileSystemSpecialPath", "named by its tag instead of numbered"),
    "HookMetadata1": ("CommandHookMetadata", "named by its tag instead of numbered"),
    "HookMetadata2": ("McpToolHookMetadata", "named by its tag instead of numbered"),
    "ResourceContent1": ("TextResourceContent", "named by what only it requires instead of numbered"),
    "ResourceContent2": ("BlobResourceContent", "named by what only it requires instead of numbered"),
}
"""Official class -> class here that has its fields (None where there is none) and the reason."""

ENUM_DIFFERENCES: dict[str, tuple[str, dict[str, str], str]] = {
    "MergeStrategy": ("MergeStrategy", {"replace": "replace_"}, "replace is a method of str, which every enum here is"),
    "ReasoningSummaryValue": ("ReasoningSummary", {}, "one enum with all four values instead of an enum and a literal"),
}
"""Official enum -> enum here, renamed members, and the reason."""

WRAPPER_DIFFERENCES = {
    "ClientRequest": "a whole JSON-RPC message",
    "Indice": "an array element that is a plain int here",
    "ServerNotification": "a whole JSON-RPC message",
}
"""Official wrapper class that has no counterpart, and the reason."""


def field_names(name: str) -> dict[str, str]:
    return {field: info.alias or field for field, info in CLASSES[name].model_fields.items()}


def members(name: str) -> dict[str, Any]:
    return {member: item.value for member, item in ENUMS[name].__members__.items()}


def is_envelope(name: str) -> bool:
    fields = set(OFFICIAL["models"][name])
    return ENVELOPES.fullmatch(name) is not None and fields in ENVELOPE_FIELDS


@pytest.mark.parametrize("name", sorted(name for name in OFFICIAL["models"] if not is_envelope(name)))
def test_model_has_every_official_field(name: str) -> None:
    ours, _ = MODEL_DIFFERENCES.get(name, (name, ""))
    if ours is None:
        return
    assert field_names(ours).items() >= OFFICIAL["models"][name].items()


@pytest.mark.parametrize("name", sorted(OFFICIAL["enums"]))
def test_enum_has_every_official_member(name: str) -> None:
    ours, renamed, _ = ENUM_DIFFERENCES.get(name, (name, {}, ""))
    expected = {renamed.get(member, member): value for member, value in OFFICIAL["enums"][name].items()}
    assert members(ours).items() >= expected.items()


@pytest.mark.parametrize("name", sorted(OFFICIAL["wrappers"]))
def test_wrapper_has_a_type_of_its_name(name: str) -> None:
    assert (name in TYPES) is (name not in WRAPPER_DIFFERENCES)


def test_envelopes_are_no_types_here() -> None:
    envelopes = [name for name in OFFICIAL["models"] if is_envelope(name)]
    assert len(envelopes) > 150
    assert [name for name in envelopes if name in models.MODULE_OF] == []


def test_listed_models_do_differ() -> None:
    stale = [name for name in MODEL_DIFFERENCES if name in CLASSES or name not in OFFICIAL["models"]]
    assert stale == []


def test_listed_enums_do_differ() -> None:
    for name, (ours, renamed, _) in ENUM_DIFFERENCES.items():
        assert name in OFFICIAL["enums"]
        assert (ours != name and name not in ENUMS) or (renamed and not set(renamed) & set(members(ours))), name


def test_listed_wrappers_do_differ() -> None:
    assert WRAPPER_DIFFERENCES.keys() <= set(OFFICIAL["wrappers"]) - set(TYPES)


def test_every_difference_has_a_reason() -> None:
    lists: tuple[dict[str, Any], ...] = (MODEL_DIFFERENCES, ENUM_DIFFERENCES)
    reasons = [entry[-1] for each in lists for entry in each.values()] + list(WRAPPER_DIFFERENCES.values())
    assert all(len(reason) > 10 for reason in reasons)


def test_record_is_of_the_vendored_version() -> None:
    """When the runtime moves on, the record moves with it or this test says so."""
    assert re.search(r"openai-codex (\S+):", OFFICIAL["about"])
    assert len(OFFICIAL["enums"]) == 128 and len(OFFICIAL["models"]) == 856
