"""Tools: which functions can be one, and what they are then called."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex import Tool, ToolContext, tool
from openai_codex._answers import is_coroutine_function

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def search(q: str, limit: int = 3) -> str:
    """Search.

    In all of it.
    """
    return f"{q} {limit}"


class Crm:
    """A thing to ask."""

    def find(self, q: str) -> str:
        """Find."""
        return q

    @classmethod
    def make(cls, q: str) -> str:
        """Make."""
        return q

    @staticmethod
    def count(q: str) -> str:
        """Count."""
        return q


@dataclass
class Finder:
    """Finds."""

    func: str  # an attribute of partials as well

    def __call__(self, q: str) -> str:
        return self.func + q


class Described:
    def __call__(self, q: str) -> str:
        """Said at the call."""
        return q


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def bare(q: str) -> str:
    return q


@pytest.mark.parametrize(
    ("function", "name", "description", "result"),
    [
        (Crm().find, "find", "Find.", "a"),
        (Crm.make, "make", "Make.", "a"),
        (Crm.count, "count", "Count.", "a"),
        (Finder("x"), "Finder", "Finds.", "xa"),
        (Described(), "Described", "Said at the call.", "a"),
        (logged(Crm().find), "find", "Find.", "a"),
        (functools.lru_cache(bare), "bare", "", "a"),
        (functools.partial(search, limit=4), "search", "Search.\n\nIn all of it.", "a 4"),
        (functools.partial(logged(search), limit=4), "search", "Search.\n\nIn all of it.", "a 4"),
        (tool(bare), "bare", "", "a"),
    ],
    ids=["method", "class", "static", "object", "described", "decorated", "cached", "partial", "both", "tool"],
)
def test_whatever_is_called_like_a_function_can_be_a_tool(
    function: Any, name: str, description: str, result: str
) -> None:
    made = tool(function)
    assert (made.name, made.description) == (name, description)
    assert made.schema["properties"] == {"q": STRING}
    assert made(**made.parameters.bind({"q": "a"})) == result


def test_what_a_partial_has_set_is_not_up_to_the_model() -> None:
    def remove(user: str, item: int, store: object) -> None: ...

    made = tool(functools.partial(remove, "me", store=types.SimpleNamespace()))
    assert made.schema["properties"] == {"item": INTEGER}
    assert made.parameters.bind({"item": 1}) == {"item": 1}


def test_name_and_description_can_be_given() -> None:
    made = tool(name="look-up_2", description="Told", timeout=3, concurrency=2)(lambda: None)
    assert (made.name, made.description, made.timeout, made.concurrency) == ("look-up_2", "Told", 3, 2)
    assert tool(description="")(search).description == ""


def test_tool_is_still_the_function() -> None:
    made = tool(search)
    assert made("a", limit=5) == "a 5"
    assert (made.function, made.__doc__, repr(made)) == (search, search.__doc__, "<Tool search>")


def test_coroutine_functions_are_seen_behind_partials_and_objects() -> None:
    async def later(q: str) -> str:
        return q

    class Later:
        async def __call__(self, q: str) -> str:
            return q

    functions: list[Any] = [later, functools.partial(later), Later(), functools.partial(Later())]
    assert [is_coroutine_function(tool(each).function) for each in functions] == [True] * 4
    assert not is_coroutine_function(tool(search).function)


# Types that are local


def test_types_of_the_function_around_are_found() -> None:
    class Local(BaseModel):
        n: int

    @tool
    def first(x: Local, context: ToolContext[Crm]) -> None: ...

    @tool(name="second")
    def other(x: Local) -> None: ...

    for made in (first, other):
        assert made.parameters.bind({"x": {"n": 1}}) == {"x": Local(n=1)}
    assert first.parameters.context_name == "context"


def test_functions_of_another_module_mean_the_types_of_that_module() -> None:
    other = types.ModuleType("other")
    exec("class Kind(str): pass\ndef lookup(kind: 'Kind', far: 'Far') -> None: ...", other.__dict__)
    lookup: Callable[..., None] = other.__dict__["lookup"]
    lookup.__annotations__["kind"] = "int"
    other.__dict__["int"] = str  # what the module says that it is

    class int:
        pass

    Far = bool
    made = tool(lookup)
    assert made.schema["properties"] == {"kind": STRING, "far": {"type": "boolean"}}
    assert (int.__name__, Far.__name__) == ("int", "bool")


# What is none


def test_method_of_no_object_is_refused_with_the_way_out() -> None:
    with pytest.raises(TypeError, match=r"tool find: the parameter self has no type \(make a tool of the bound method"):
        tool(Crm.find)


def args(*q: str) -> None: ...
def keywords(**q: str) -> None: ...
def positional(q: str, /) -> None: ...
def untyped(q: str, limit=3) -> None: ...  # type: ignore[no-untyped-def]  # pyright: ignore[reportMissingParameterType]
def opaque(q: Crm) -> None: ...
def opaque_default(q: Crm = Crm()) -> None: ...  # noqa: B008
def callback(q: Callable[[int], int]) -> None: ...
def unknown(q: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore
def senseless(q: Any) -> None: ...


senseless.__annotations__["q"] = "list["


REFUSED: list[tuple[Any, str]] = [
    (args, r"tool args: the parameter \*q: .* cannot be given by name"),
    (keywords, r"tool keywords: the parameter \*\*q: .* cannot be given by name"),
    (positional, "tool positional: the parameter q: .* cannot be given by name"),
    (untyped, "tool untyped: the parameter limit has no type$"),
    (opaque, "tool opaque: Unable to generate pydantic-core schema for <class '.*Crm'>$"),
    (opaque_default, "tool opaque_default: Unable to generate"),
    (callback, "tool callback: Cannot generate a JsonSchema"),
    (unknown, "tool unknown: name 'Missing' is not defined; the types of its parameters must exist"),
    (senseless, "tool senseless: Forward reference must be an expression"),
    (Crm, "tool Crm: a class is no tool"),
    (int, "tool int: a class is no tool"),
    ("lookup", "tool: 'lookup' is no function; name= and the other settings are given by keyword"),
    (functools.partial(Crm), "tool Crm: a class is no tool"),
    (print, r"tool print: (the parameter \*args cannot be given|Python does not know the parameters)"),  # as of 3.11
    (max, "tool max: Python does not know the parameters of <built-in function max>"),
]


@pytest.mark.parametrize(("function", "text"), REFUSED)
def test_function_that_a_model_cannot_call_is_refused(function: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        tool(function)


def test_lambda_has_no_name_and_no_types() -> None:
    untyped_lambda: Callable[[str], str] = lambda q: q  # noqa: E731
    with pytest.raises(ValueError, match="tool '<lambda>': a name has 1 to 128"):
        tool(lambda: None)
    with pytest.raises(TypeError, match="tool f: the parameter q has no type"):
        tool(name="f")(untyped_lambda)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"concurrency": 0}, "tool search: concurrency is 0"),
        ({"concurrency": True}, "concurrency is True"),
        ({"concurrency": 1.5}, "concurrency is 1.5"),
        ({"timeout": -1}, "tool search: timeout: -1"),
    ],
)
def test_limit_that_is_none_is_refused(limits: dict[str, Any], text: str) -> None:
    made: Callable[..., Tool[..., Any]] = tool(**limits)
    with pytest.raises(ValueError, match=text):
        made(search)
