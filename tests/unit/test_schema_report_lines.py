"""Which changes share a line of a report, and which do not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from openai_codex._schema.description import Description, Field, Message, Type
from openai_codex._schema.diff import Change, diff
from openai_codex._schema.report import as_code, as_json, as_markdown, as_plain, as_text, changes_as_text

TEXT = Field("string")


def described(*, experimental: Iterable[str] = (), **types: Type) -> Description:
    """A protocol in which ``say`` sends ``Said`` and ``heard`` brings ``Heard``."""
    known = {"Said": Type(), "Heard": Type(), **types}
    requests, notifications = {"say": Message("Said")}, {"heard": Message("Heard")}
    return Description("1", requests, notifications, {}, known, frozenset(experimental))


def lines(old: Description, new: Description) -> list[str]:
    """The changes as text, without headings and counts."""
    return [line.strip() for line in changes_as_text(diff(old, new)) if line.startswith("  ") and ", " in line]


def test_words_of_a_type_share_a_line() -> None:
    old = described(Said=Type(values=("b",)), Heard=Type(values=("z",)))
    new = described(Said=Type(values=("a", "b", "c")), Heard=Type(values=("y", "z")))
    assert lines(old, new) == ['Heard: "y", read by heard', 'Said: "a", "c", sent by say']
    assert lines(new, old) == ['Said: "a", "c", sent by say', 'Heard: "y", read by heard']


def test_experimental_words_have_a_line_of_their_own() -> None:
    new = described(Said=Type(values=("a", "b", "c", "d")), experimental=['Said="c"'])
    assert lines(described(Said=Type(values=("a",))), new) == [
        'Said: "b", "d", sent by say',
        'Said (experimental): "c", sent by say',
    ]


def test_variants_of_a_type_share_a_line() -> None:
    def kinds(*tags: str) -> Description:
        return described(Said=Type(tag="type", variants={tag: {} for tag in tags}))

    assert lines(kinds("a"), kinds("a", "b", "c/d")) == ["Said[b, c/d], sent by say"]


def test_field_that_several_variants_have_takes_one_line() -> None:
    old = described(Said=Type(tag="type", variants={"a": {}, "b": {}, "c": {}}))
    new = described(Said=Type(tag="type", variants={"a": {"x": TEXT}, "b": {"x": TEXT}, "c": {"x": Field("integer")}}))
    assert lines(old, new) == ["Said[a, b].x: string, sent by say", "Said[c].x: integer, sent by say"]


def test_fields_of_an_object_have_a_line_each() -> None:
    new = described(Said=Type(fields={"x": TEXT, "y": TEXT}))
    assert lines(described(), new) == ["Said.x: string, sent by say", "Said.y: string, sent by say"]


def test_markdown_marks_what_stands_in_the_protocol() -> None:
    old = described(Said=Type(values=("b",)), Heard=Type(tag="t", variants={"a": {"x": TEXT}, "b": {"x": TEXT}}))
    new = described(
        Said=Type(values=("a", "b", "c")),
        Heard=Type(tag="t", variants={"a": {"x": Field("integer")}, "b": {"x": Field("integer")}}),
        experimental=['Said="a"', 'Said="c"'],
    )
    text = as_markdown("1", "2", diff(old, new))
    assert '- `Said` (experimental): `"a", "c"`, sent by say\n' in text
    assert "- `Heard[a, b].x`: `string` -> `integer`, read by heard\n" in text


def test_nothing_in_the_protocol_ends_the_code_span_of_markdown() -> None:
    assert [as_code(text) for text in ("a", "a`b", "``a", "a\n# b")] == ["`a`", "``a`b``", "``` ``a ```", "`a # b`"]
    assert [as_plain(text) for text in ("thread/start", "a\n# b", "<b>")] == ["thread/start", "`a # b`", "`<b>`"]
    old = Description("1", {}, {"a`|b\nc": Message("Heard")}, {}, {"Heard": Type()})
    new = replace(old, version="2\n# x", types={"Heard": Type(fields={"f": Field("string", default='"`"')})})
    text = as_markdown("1", new.version, diff(old, new))
    assert "\n# x" not in text and "\nc" not in text
    assert "read by ``a`|b c``\n" in text


def test_words_and_variants_of_one_type_do_not_mix() -> None:
    old = described(Said=Type(values=("a",), variants={"k": {"k": TEXT}}))
    new = described(Said=Type(values=("a", "b", "c"), variants={"k": {"k": TEXT}, "l": {"l": TEXT}}))
    assert lines(old, new) == ['Said: "b", "c", sent by say', "Said[l], sent by say"]


def test_word_and_variant_that_become_stable_do_not_mix() -> None:
    said = Type(values=("a", "b"), variants={"k": {"k": TEXT}})
    old = described(Said=said, experimental=['Said="b"', "Said[k]"])
    assert lines(old, described(Said=said)) == ['Said: "b", sent by say', "Said[k], sent by say"]


def test_json_has_an_entry_for_each_change_in_ascii() -> None:
    old = described(Said=Type(tag="t", variants={"a": {}}))
    shown = as_json("1", "2", diff(old, described(Said=Type(tag="t", variants={"a": {}, "b": {}, "é": {}}))))
    assert [change["place"] for change in json.loads(shown)["changes"]] == ["Said[b]", "Said[é]"]
    assert shown.isascii()


def test_counts_are_those_of_changes_and_not_of_lines() -> None:
    new = described(Said=Type(values=("a", "b", "c")))
    text = as_text("1", "2", diff(described(Said=Type(values=("a",))), new))
    assert text.startswith("1 -> 2: compatible (0 breaking, 0 attention, 2 compatible)\n")


def test_change_is_narrowed_to_methods() -> None:
    (change,) = diff(
        Description("1", {"say": Message("Said")}, {"heard": Message("Said")}, {}, {"Said": Type(values=("a", "b"))}),
        Description("2", {"say": Message("Said")}, {"heard": Message("Said")}, {}, {"Said": Type(values=("a",))}),
    )
    assert (change.methods, change.direction, change.verdict.name) == (("heard", "say"), "both", "breaking")
    heard = change.within({"heard", "other"})
    assert heard is not None
    assert (heard.methods, heard.direction, heard.verdict.name) == (("heard",), "read", "attention")
    assert change.within({"other"}) is None
    assert Change("value added", "X", change.rule).verdict.name == "compatible"
