"""What really changed from one runtime to the next: facts of bundles that are kept, counted and judged."""

from __future__ import annotations

from collections import Counter

import pytest

from openai_codex._schema.diff import Change, diff, verdict_of
from openai_codex._schema.rules import Verdict
from tests.unit.protocols import STEPS, described

STABLE: dict[tuple[str, str], dict[str, int]] = {
    ("0.149.0", "0.154.0"): {
        "request added": 4,
        "notification added": 6,
        "params added": 1,
        "type added": 50,
        "type renamed": 4,
        "field added": 43,
        "became optional": 1,
        "null allowed": 1,
        "value added": 9,
        "variant added": 6,
    },
    ("0.154.0", "0.158.0"): {
        "request added": 6,
        "request removed": 1,
        "notification added": 2,
        "type added": 23,
        "type removed": 2,
        "type extended": 1,
        "field added": 23,
        "field removed": 1,
        "became optional": 3,
        "value added": 2,
    },
    ("0.158.0", "0.160.1"): {"type added": 2, "type widened": 1, "field added": 1, "value added": 1},
    ("0.160.1", "0.163.0"): {
        "request added": 1,
        "notification added": 2,
        "type added": 13,
        "type renamed": 2,
        "field added": 26,
        "required field removed": 1,
        "value added": 17,
        "variant added": 2,
    },
}
# What only clients with the experimental API see: how the counts differ from those above.
BEYOND: dict[tuple[str, str], dict[str, int]] = {
    ("0.149.0", "0.154.0"): {
        "request added": 5,
        "type added": 18,
        "field added": 2,
        "required field removed": 1,
        "variant added": 1,
        "variant removed": 1,
        "became stable": 14,
    },
    ("0.154.0", "0.158.0"): {"request added": 3, "type added": 5, "field added": 8},
    ("0.158.0", "0.160.1"): {},
    ("0.160.1", "0.163.0"): {"request added": 4, "type added": 8, "field added": 5},
}
BREAKING: dict[tuple[str, str], set[tuple[str, str, str]]] = {
    ("0.149.0", "0.154.0"): {
        ("required field removed", "BedrockSetupParams[environment].credentialType", "sent"),
        ("variant removed", "BedrockSetupParams[accessKeys]", "sent"),
    },
    ("0.154.0", "0.158.0"): {
        ("request removed", "thread/rollback", "sent"),
        ("became optional", "FunctionCallOutputContentItem[input_image].image_url", "both"),
        ("became optional", "UserInput[image].url", "both"),
    },
    ("0.158.0", "0.160.1"): set(),
    ("0.160.1", "0.163.0"): {
        ("required field removed", "ModelProviderCapabilitiesReadResponse.namespaceTools", "read"),
    },
}


def step(old: str, new: str, kind: str = "both") -> list[Change]:
    return diff(described(old, kind), described(new, kind))


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_stable_changes_of_each_step(old: str, new: str) -> None:
    assert Counter(change.kind for change in step(old, new, "stable")) == STABLE[old, new]


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_changes_of_each_step_with_the_experimental_api(old: str, new: str) -> None:
    expected = Counter(STABLE[old, new])
    expected.update(BEYOND[old, new])
    changes = step(old, new)
    assert Counter(change.kind for change in changes) == expected
    stable = Counter(change.kind for change in changes if not change.experimental and change.kind != "became stable")
    if "became stable" not in expected:
        assert stable == STABLE[old, new]


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_what_breaks_in_each_step(old: str, new: str) -> None:
    found = {
        (change.kind, change.place, change.direction) for change in step(old, new) if change.verdict is Verdict.breaking
    }
    assert found == BREAKING[old, new]
    assert verdict_of(step(old, new)) is (Verdict.breaking if found else Verdict.attention)


@pytest.mark.parametrize(
    ("steps", "kind", "place", "shown", "methods"),
    [
        # An enum that got a branch for whatever it does not list: both are told, and no word is said to be gone.
        (STEPS[3], "variant added", "CodexErrorInfo[*]", ("", "map[any] | string"), 15),
        (STEPS[3], "variant added", "ResponseItem[additional_tools]", ("", ""), 0),
        (STEPS[3], "type renamed", "SkillMetadata.path", ("AbsolutePathBuf", "LegacyAppPathString"), 1),
        (STEPS[0], "params added", "account/rateLimits/read", ("", "GetAccountRateLimitsParams | null"), 1),
        (
            STEPS[1],
            "type extended",
            "ConfigRequirements.allowedWindowsSandboxImplementations",
            ("list[WindowsSandboxSetupMode]", "list[WindowsSandboxImplementation]"),
            1,
        ),
        (STEPS[2], "type widened", "ThreadItemsListParams.cursor", ("string", "ThreadItemsListCursor"), 1),
    ],
)
def test_change_worth_a_look(
    steps: tuple[str, str], kind: str, place: str, shown: tuple[str, str], methods: int
) -> None:
    (change,) = [each for each in step(*steps, "stable") if each.place == place]
    assert (change.kind, (change.before, change.after), len(change.methods)) == (kind, shown, methods)
    assert change.verdict < Verdict.breaking


def test_methods_and_types_of_a_feature_become_stable_together() -> None:
    moved = {change.place for change in step(*STEPS[0]) if change.kind == "became stable"}
    assert {"thread/revert", "ThreadRevertParams", "ThreadRevertResponse", "Thread.historyMode"} < moved
    assert not any(place.startswith("ThreadRevertParams.") for place in moved)
