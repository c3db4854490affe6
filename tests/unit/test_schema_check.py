"""A verdict for each method: what another runtime means for a program that stays as it is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from openai_codex._schema.check import Check, as_json, as_markdown, as_text, check
from openai_codex._schema.description import Description, Field, Message, Type
from openai_codex._schema.rules import RULES, RUNTIME_RULES, Verdict
from openai_codex._schema.shipped import shipped

ITEM = Type(fields={"id": Field("string", True), "phase": Field("Phase")})
PACKAGE = Description(
    "1.0.0",
    requests={
        "item/add": Message("Item", "AddResponse"),
        "item/drop": Message("DropParams", "DropResponse"),
        "item/list": Message("", "ListResponse"),
    },
    notifications={"item/added": Message("Item")},
    server_requests={"item/ask": Message("AskParams", "Answer")},
    types={
        "AddResponse": Type(),
        "Answer": Type(values=("no", "yes")),
        "AskParams": Type(fields={"text": Field("string", True)}),
        "DropParams": Type(fields={"id": Field("string", True)}),
        "DropResponse": Type(fields={"item": Field("Item", True)}),
        "Item": ITEM,
        "ListResponse": Type(fields={"items": Field("list[Item]", True)}),
        "Phase": Type(values=("early", "late")),
    },
    experimental=frozenset({"request:item/drop"}),
)


def with_types(**types: Type) -> Description:
    """The package's protocol as a runtime with other types has it."""
    return replace(PACKAGE, version="2.0.0", types={**PACKAGE.types, **types})


def checked(runtime: Description, *methods: str) -> Check:
    return check(PACKAGE, runtime, package_version="1.0.0.post1", methods=frozenset(methods) if methods else None)


def verdicts(found: Check) -> dict[str, str]:
    return {each.method: f"{each.verdict.name}: {each.summary}" for each in found.methods}


def test_same_protocol_is_compatible() -> None:
    found = checked(replace(PACKAGE, version="2.0.0"))
    assert (found.verdict, found.methods, found.changes, found.unchanged) == (Verdict.compatible, [], [], 5)
    assert as_text(found) == (
        "openai-codex 1.0.0.post1 (schema 1.0.0) with codex 2.0.0: compatible, no differences\n\n5 methods unchanged\n"
    )


def test_method_is_judged_in_the_direction_in_which_it_carries_the_change() -> None:
    found = checked(with_types(Phase=Type(values=("early",))))
    assert verdicts(found) == {
        "item/add": "breaking: value missing",  # sends it
        "item/added": "attention: value missing",  # and these read it
        "item/drop": "attention: value missing",
        "item/list": "attention: value missing",
    }
    assert (found.verdict, found.unchanged) == (Verdict.breaking, 1)


def test_only_the_methods_of_the_program_count() -> None:
    runtime = with_types(Phase=Type(values=("early",)), Answer=Type(values=("no",)))
    assert verdicts(checked(runtime, "item/list", "item/add")) == {
        "item/add": "breaking: value missing",
        "item/list": "attention: value missing",
    }
    found = checked(runtime, "item/list")
    assert (found.verdict, found.unchanged) == (Verdict.attention, 0)
    (change,) = found.changes
    assert (change.place, change.methods, change.direction) == ('Phase="late"', ("item/list",), "read")
    assert checked(runtime, "item/ask").verdict is Verdict.breaking
    # A method that only the runtime has can be asked for as well.
    further = replace(runtime, requests={**runtime.requests, "item/new": Message()})
    assert verdicts(checked(further, "item/new")) == {"item/new": "compatible: further request"}


def test_method_that_the_runtime_lacks_is_told_once_and_nothing_else_of_it() -> None:
    runtime = with_types(Item=Type(fields={"id": Field("string", True)}))
    requests = {method: each for method, each in runtime.requests.items() if method != "item/add"}
    found = checked(replace(runtime, requests=requests))
    assert verdicts(found) == {
        "item/add": "breaking: request missing",
        "item/added": "attention: field missing",
        "item/drop": "attention: field missing",
        "item/list": "attention: field missing",
    }
    (field,) = [change for change in found.changes if change.kind == "field removed"]
    assert field.sent == ()


def test_method_that_only_the_runtime_has_does_not_make_changes_its_own() -> None:
    runtime = with_types(Item=replace(ITEM, fields={"id": Field("string", True)}))
    runtime = replace(runtime, requests={**runtime.requests, "item/keep": Message("Item", "AddResponse")})
    assert verdicts(checked(runtime, "item/keep", "item/added")) == {
        "item/added": "attention: field missing",
        "item/keep": "compatible: further request",
    }


def test_messages_that_come_from_the_runtime_may_be_missing() -> None:
    found = checked(replace(PACKAGE, version="2.0.0", notifications={}, server_requests={}))
    assert verdicts(found) == {
        "item/added": "attention: notification missing",
        "item/ask": "attention: server request missing",
    }


def test_names_of_types_do_not_count() -> None:
    renamed = replace(
        PACKAGE,
        requests={**PACKAGE.requests, "item/drop": Message("DropArguments", "DropResponse")},
        types={**PACKAGE.types, "DropArguments": PACKAGE.types["DropParams"], "Unused": Type()},
    )
    assert checked(renamed).changes == []


def test_field_that_the_runtime_does_not_know_breaks_nothing_but_is_worth_a_look() -> None:
    fewer = with_types(DropParams=Type())
    assert verdicts(checked(fewer)) == {"item/drop": "attention: required field missing"}
    read = with_types(DropResponse=Type())
    assert verdicts(checked(read)) == {"item/drop": "breaking: required field missing"}


def test_what_differs_is_summed_up_with_the_grave_first() -> None:
    item = Type(fields={"id": Field("string", True, True), "size": Field("integer"), "colour": Field("string")})
    found = checked(with_types(Item=item))
    assert verdicts(found)["item/list"] == "breaking: null allowed, field missing, further field (2)"
    assert [each.method for each in found.methods] == ["item/added", "item/drop", "item/list", "item/add"]


def test_runtime_that_no_client_starts_is_breaking_whatever_differs() -> None:
    older = replace(PACKAGE, version="0.1.0")
    found = check(PACKAGE, older, package_version="1", methods=frozenset({"item/list"}), unsupported="too old")
    assert (found.verdict, found.changes, found.methods) == (Verdict.breaking, [], [])
    assert as_text(found).splitlines()[0].endswith(" with codex 0.1.0: breaking, too old")
    assert "Verdict: **breaking, too old**." in as_markdown(found)
    shown = json.loads(as_json(found))
    assert (shown["verdict"], shown["unsupported"]) == ("breaking", "too old")
    assert json.loads(as_json(checked(older)))["unsupported"] is None


# -- how it is shown ------------------------------------------------------------------------------------------

SHOWN = checked(
    replace(
        with_types(Phase=Type(values=("early", "last", "now"))),
        requests={method: each for method, each in PACKAGE.requests.items() if method != "item/drop"},
    )
)


def test_text_has_verdict_methods_and_changes() -> None:
    assert as_text(SHOWN, "/bin/codex (from PATH)") == (
        """openai-codex 1.0.0.post1 (schema 1.0.0) with codex 2.0.0: breaking (2 breaking, 2 attention, 0 compatible)
runtime: /bin/codex (from PATH)

method      verdict     what differs
item/add    breaking    value missing, further value (2)
item/drop   breaking    request missing
item/added  attention   further value (2), value missing
item/list   attention   further value (2), value missing
1 other method unchanged

                 breaking  attention  compatible
request missing         1          -           -
further value           -          2           -
value missing           1          -           -

breaking: request missing (the runtime lacks it and refuses the call)
  item/drop (experimental)

breaking: value missing (the runtime lacks it: refuses it when sent, never sends it)
  Phase: "late", sent and read by item/add, item/added, item/list

attention: further value (only the runtime has it; code that branches over values may meet it)
  Phase: "last", "now", sent and read by item/add, item/added, item/list
"""
    )


def test_colours_are_those_of_the_verdicts() -> None:
    plain, coloured = as_text(SHOWN), as_text(SHOWN, colour=True)
    assert "\x1b[31mbreaking  \x1b[0m  request missing" in coloured
    for code in ("\x1b[31m", "\x1b[33m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_method_cannot_leave_its_cell() -> None:
    older = replace(PACKAGE, version="2.0.0", requests={**PACKAGE.requests, "a|`b\nc": Message()})
    assert "| ``a\\|`b c`` | compatible | further request |\n" in as_markdown(checked(older))


def test_markdown_has_a_table_and_no_path() -> None:
    text = as_markdown(SHOWN)
    assert text.startswith(
        """### openai-codex 1.0.0.post1 with codex 2.0.0

Schema of the package: 1.0.0. Verdict: **breaking (2 breaking, 2 attention, 0 compatible)**.

| method | verdict | what differs |
|---|---|---|
| `item/add` | breaking | value missing, further value (2) |
| `item/drop` | breaking | request missing |
| `item/added` | attention | further value (2), value missing |
| `item/list` | attention | further value (2), value missing |

1 other method unchanged.

**Breaking: request missing** (the runtime lacks it and refuses the call)

- `item/drop` (experimental)
"""
    )
    assert as_markdown(checked(PACKAGE), level=1).startswith("# openai-codex")
    assert as_markdown(checked(PACKAGE)).endswith("Verdict: **compatible, no differences**.\n\n5 methods unchanged.\n")


def test_json_has_an_entry_for_each_method_and_each_change() -> None:
    data = json.loads(as_json(SHOWN))
    assert {key: data[key] for key in ("package", "schema", "runtime", "verdict", "unchanged", "counts")} == {
        "package": "1.0.0.post1",
        "schema": "1.0.0",
        "runtime": "2.0.0",
        "verdict": "breaking",
        "unchanged": 1,
        "counts": {"compatible": 0, "attention": 2, "breaking": 2},
    }
    assert data["methods"][0] == {
        "method": "item/add",
        "kind": "request",
        "verdict": "breaking",
        "changes": {"value added": 2, "value removed": 1},
    }
    assert [change["place"] for change in data["changes"]] == [
        "item/drop",
        'Phase="last"',
        'Phase="now"',
        'Phase="late"',
    ]


# -- rules ----------------------------------------------------------------------------------------------------


def test_both_tables_have_the_same_kinds_in_the_same_order() -> None:
    assert [*RUNTIME_RULES] == [*RULES]


def test_every_kind_has_a_title_of_its_own() -> None:
    for rules in (RULES, RUNTIME_RULES):
        titles = [rule.title or kind for kind, rule in rules.items()]
        assert len(titles) == len({*titles})


@pytest.mark.parametrize("kind", RUNTIME_RULES)
def test_runtime_alone_is_never_judged_harder_than_an_upgrade(kind: str) -> None:
    upgrade, runtime = RULES[kind], RUNTIME_RULES[kind]
    assert runtime.sent <= upgrade.sent and runtime.read <= upgrade.read


def test_shipped_description_is_compatible_with_itself() -> None:
    found = check(shipped(), shipped(), package_version="1")
    assert (found.verdict, found.changes) == (Verdict.compatible, [])
