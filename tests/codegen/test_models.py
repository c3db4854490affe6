"""Generated model modules: complete by themselves, and every member under a name of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from codegen.findings import CodegenError
from codegen.modelindex import Model, index_models
from codegen.models import generate_models
from codegen.partition import Layout
from tests.codegen.small_schema import STRING, Schema, normalised, obj, tag

UNIONS: dict[str, tuple[Schema, object]] = {
    "Tagged": ({"oneOf": [obj("type", **tag("a"), x=STRING), obj("type", **tag("b"))]}, {"type": "a", "x": "1"}),
    "Keyed": ({"oneOf": [{"type": "string", "enum": ["x"]}, obj("size", size=STRING)]}, {"size": "1"}),
    "Open": ({"anyOf": [obj("x", "y", x=STRING, y=STRING), obj("x", "z", x=STRING, z=STRING)]}, {"x": "1", "z": "2"}),
}


def generated(tmp_path: Path, definitions: Mapping[str, Schema]) -> tuple[dict[str, str], Layout]:
    """Unformatted models, each definition with what belongs to it in a module of its own."""
    made = normalised(tmp_path, definitions)
    module_of = {
        name: next(owner.lower() for owner in definitions if name.removeprefix("Unrecognized").endswith(owner))
        if name not in definitions and not name.startswith("KeyedValue")
        else name.removesuffix("Value").lower()
        for name in made.definitions
    }
    layout = Layout(module_of)
    return generate_models(made, layout), layout


def index(tmp_path: Path, definitions: Mapping[str, Schema]) -> dict[str, Model]:
    return index_models(*generated(tmp_path, definitions))


@pytest.fixture(scope="module")
def unions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    sources, _ = generated(tmp_path_factory.mktemp("unions"), {name: schema for name, (schema, _) in UNIONS.items()})
    return sources


@pytest.mark.parametrize("name", UNIONS)
def test_module_that_annotates_nothing_but_a_union_imports(
    unions: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module = ModuleType("generated_for_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(unions[name.lower()], name, "exec"), vars(module))
    adapter: TypeAdapter[Any] = TypeAdapter(vars(module)[name])
    assert type(adapter.validate_python(UNIONS[name][1])).__name__.endswith(name)
    assert type(adapter.validate_python({"type": "new"})).__name__ == f"Unrecognized{name}"


@pytest.mark.parametrize(
    ("definition", "taken", "name"),
    [
        ({"type": "string", "enum": ["aB", "a_b"]}, "a_b", "a_b_1"),
        ({"type": "string", "enum": ["foo", "FOO"]}, "foo", "foo_1"),
        (obj(aB=STRING, a_b=STRING), "a_b", "a_b_1"),
        ({"type": "string", "enum": ["aB1", "a_b1"]}, "a_b1", "a_b1_1"),
    ],
)
def test_members_that_clash_in_snake_case_are_refused(
    tmp_path: Path, definition: Schema, taken: str, name: str
) -> None:
    with pytest.raises(CodegenError) as caught:
        index(tmp_path, {"Thing": definition})
    assert str(caught.value) == (
        f"models/thing.py: Thing has two members called {taken}, one is {name} now;"
        " teach codegen/normalise.py to name them"
    )


@pytest.mark.parametrize(
    "definition",
    [
        {"type": "string", "enum": ["v", "v1", "v-1", "us", "us-2"]},
        obj(**{"v": STRING, "v1": STRING, "v-1": STRING}),
    ],
)
def test_members_with_numbers_of_their_own_are_fine(tmp_path: Path, definition: Schema) -> None:
    assert set(index(tmp_path, {"Thing": definition})) == {"Thing"}


@pytest.mark.parametrize("name", ["Model", "Job"])
def test_class_outside_of_the_hot_module_is_built_on_first_use_whatever_its_name(tmp_path: Path, name: str) -> None:
    sources, _ = generated(tmp_path, {name: obj(x=STRING)})
    assert f"class {name}(WireModel, defer_build=True):" in sources[name.lower()]


def test_null_in_place_of_a_default_gives_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    properties = {
        "flag": {"type": "boolean", "default": True},
        "camelCase": {"type": "array", "items": STRING, "default": ["a"]},
        "free": {"type": "boolean"},
    }
    sources, _ = generated(tmp_path, {"Job": obj(**properties)})
    module = ModuleType("generated_for_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(sources["job"], "job", "exec"), vars(module))
    job = vars(module)["Job"].model_validate(dict.fromkeys(properties))
    assert (job.flag, job.camel_case, job.free) == (True, ["a"], None)
    with pytest.raises(ValidationError, match="flag"):
        vars(module)["Job"].model_validate({"flag": "perhaps"})
