"""Types as text: what is put together comes apart again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from openai_codex._schema.expressions import SCALARS, below, join, literal, names, spelt, split, unwrap, word

NAMES = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$/-]{0,8}(\.[a-z_]{1,6})?", fullmatch=True).filter(
    lambda name: name not in SCALARS
)
PARTS = st.one_of(NAMES, st.sampled_from(sorted(SCALARS - {"any"})), st.text().map(literal))
EXPRESSIONS = st.recursive(
    PARTS,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([join(parts), f"list[{join(parts)}]", f"map[{join(parts)}]"])
    ),
)


@given(st.lists(EXPRESSIONS, min_size=1))
@settings(deadline=None)
def test_joined_alternatives_come_apart_again(parts: list[str]) -> None:
    alternatives = {each for part in parts for each in split(part)}
    assert set(split(join(parts))) == alternatives
    assert len(split(join(parts))) == len(alternatives)


@given(st.lists(EXPRESSIONS, min_size=1).flatmap(lambda parts: st.tuples(st.just(parts), st.permutations(parts))))
@settings(deadline=None)
def test_joining_depends_on_no_order(orders: tuple[list[str], list[str]]) -> None:
    parts, others = orders
    text = join(parts)
    assert join(others) == text
    assert join([text, *parts]) == text
    assert join(split(text)) == text


@given(EXPRESSIONS)
@settings(deadline=None)
def test_container_comes_off_and_nothing_else(text: str) -> None:
    for outer in ("list", "map"):
        assert split(f"{outer}[{text}]") == [f"{outer}[{text}]"]
        assert unwrap(f"{outer}[{text}]") == (outer, text)


@given(st.text(), NAMES)
@settings(deadline=None)
def test_whatever_is_in_quotes_is_one_word(text: str, name: str) -> None:
    assert split(f"{literal(text)} | list[{literal(text)} | {name}]") == [
        literal(text),
        f"list[{literal(text)} | {name}]",
    ]
    assert word(literal(text)) == text
    assert word(name) is None
    assert list(names(literal(text))) == []


@given(st.text(min_size=1), st.text(min_size=1))
@settings(deadline=None)
def test_any_name_can_stand_in_an_expression(one: str, other: str) -> None:
    assert split(spelt(one)) == [spelt(one)]
    assert "." not in spelt(one)
    assert list(names(f"list[{spelt('x' + one)}]")) == [spelt("x" + one)]
    assert (spelt(one) == spelt(other)) is (one == other)


def test_plain_names_are_spelt_as_they_are() -> None:
    for name in ("Thread", "_meta", "$schema", "openai/form", "on-request", "model_2"):
        assert spelt(name) == name
    assert below("Thread", "cwd") == "Thread.cwd"
    assert below("Thread", "a.b") == "Thread.a%2e;b"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        (["b", "a", "b"], "a | b"),
        (["null", "string"], "string | null"),
        (["zebra | null", "apple"], "apple | zebra | null"),
        (["null"], "null"),
        (["any", "string", "null"], "any"),
        (['"b"', '"a"'], '"a" | "b"'),
        (["list[a | b] | c", "a"], "a | c | list[a | b]"),
    ],
)
def test_join(parts: list[str], text: str) -> None:
    assert join(parts) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("string", ["string"]),
        ("a | b", ["a", "b"]),
        ("list[a | b] | map[c | list[d | e]] | null", ["list[a | b]", "map[c | list[d | e]]", "null"]),
        ('"a | b" | "c] | d" | "say \\"e | f\\""', ['"a | b"', '"c] | d"', '"say \\"e | f\\""']),
    ],
)
def test_split(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize("part", ["string", "list", "Thread", '"list[a]"', "null", "listed"])
def test_what_is_no_container_stays(part: str) -> None:
    assert unwrap(part) == ("", part)


def test_names_are_those_of_types_at_any_depth() -> None:
    text = 'A | B.c | list[map[D | "E" | integer]] | any | boolean | number | string | null'
    assert list(names(text)) == ["A", "B.c", "D"]
    assert list(names("")) == []
