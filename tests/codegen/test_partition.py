"""Where types live: the hot core, one module per domain, what is shared, and what nothing reaches."""

from __future__ import annotations

from pathlib import Path

from codegen import pipeline
from codegen.lint import lint
from codegen.load import load
from codegen.normalise import Normalised, normalise
from codegen.overrides import Overrides
from codegen.partition import COMMON, CORE, UNLISTED, Layout, partition
from openai_codex._schema.bundle import references
from tests.codegen.small_schema import STRING, Schema, bundle, message, obj, overrides, protocol, ref, tag

DEFINITIONS: dict[str, Schema] = {
    "ThreadStartParams": obj(hot=ref("Hot")),
    "ThreadStartResponse": obj(),
    "Hot": obj(deep=ref("Deep")),
    "Deep": STRING,
    "FsReadParams": obj(own=ref("FsOwn"), hot=ref("Hot"), shared=ref("Shared")),
    "FsReadResponse": obj(),
    "FsOwn": {"oneOf": [obj("type", **tag("a")), obj("type", **tag("b"))]},
    "Shared": obj(),
    "FsChanged": obj(),
    "AskParams": obj(shared=ref("Shared")),
    "AskResponse": obj(),
    "Lonely": obj(shared=ref("Shared")),
}
SOURCE = bundle(
    DEFINITIONS,
    requests=[message("thread/start", ref("ThreadStartParams")), message("fs/read", ref("FsReadParams"))],
    notifications=[message("fs/changed", ref("FsChanged"))],
    server_requests=[message("mcpServer/ask", ref("AskParams"))],
)


def layout_of(exceptions: Overrides) -> Layout:
    made = protocol(SOURCE, exceptions)
    return partition(made, normalise(made, exceptions), exceptions)


def test_types_live_where_they_are_reached_from(tmp_path: Path) -> None:
    exceptions = overrides(tmp_path, '[core_types]\nnames = ["ThreadStartParams", "Gone"]\n')
    layout = layout_of(exceptions)
    assert layout.module_of == {
        "AFsOwn": "fs",
        "AskParams": "mcp_server",
        "AskResponse": "mcp_server",
        "BFsOwn": "fs",
        "Deep": CORE,
        "FsChanged": "fs",
        "FsOwn": "fs",
        "FsReadParams": "fs",
        "FsReadResponse": "fs",
        "Hot": CORE,
        "Lonely": UNLISTED,
        "Shared": COMMON,
        "ThreadStartParams": CORE,
        "ThreadStartResponse": "thread",
        "UnrecognizedFsOwn": "fs",
    }
    assert layout.modules == [COMMON, CORE, "fs", "mcp_server", "thread", UNLISTED]
    assert [finding.reason for finding in exceptions.stale()] == ["[core_types] Gone matches nothing in this schema"]


def test_vendored_modules_import_each_other_without_cycles() -> None:
    """Imports run unlisted -> domain -> common -> core, never back."""
    experimental, stable, manifest = pipeline.read_schema_dir(pipeline.SCHEMA)
    exceptions = Overrides(runtime_version=manifest["runtime_version"])
    made = protocol(experimental, exceptions, stable)
    normalised = normalise(made, exceptions)
    layout = partition(made, normalised, exceptions)

    def rank(module: str) -> int:
        return {CORE: 0, COMMON: 1, UNLISTED: 3}.get(module, 2)

    backwards = [
        (name, target)
        for name, schema in normalised.definitions.items()
        for target in references(schema)
        if (module := layout.module_of[name]) != (other := layout.module_of[target]) and rank(other) >= rank(module)
    ]
    assert backwards == []
    assert sum(module == CORE for module in layout.module_of.values()) < len(layout.module_of) / 3


def lint_of(tmp_path: Path, definitions: dict[str, Schema], exceptions: str = "") -> tuple[list[str], list[str]]:
    read = overrides(tmp_path, exceptions)
    source = bundle(
        {**DEFINITIONS, **definitions},
        server_requests=[message("mcpServer/ask", ref("AskParams"))],
    )
    made = protocol(source, read)
    normalised = normalise(made, read)
    errors, notes = lint(made, normalised, partition(made, normalised, read))
    return [str(each) for each in errors], [str(each) for each in notes]


def test_lint_refuses_names_that_cannot_be_classes(tmp_path: Path) -> None:
    errors, _ = lint_of(tmp_path, {"some_type": obj(), "Exception": obj(), "Odd": obj(part1=obj())})
    assert errors == [
        "schema: Exception cannot be a class name; teach codegen/normalise.py another",
        "schema: OddPart1 is a numbered name; teach codegen/normalise.py a better one",
        "schema: some_type cannot be a class name; teach codegen/normalise.py another",
    ]


def test_lint_accepts_a_numbered_name_of_the_schema_itself(tmp_path: Path) -> None:
    assert lint_of(tmp_path, {"ToolsV2": obj()})[0] == []


def test_lint_notes_results_of_no_request_and_missing_refusals(tmp_path: Path) -> None:
    _, notes = lint_of(tmp_path, {})
    assert (
        "overrides.toml: server request mcpServer/ask has no refusing answer; it will get -32601; add one to [refusal],"
        ' such as `"mcpServer/ask" = { error = { code = -32000, message = "..." } }`' in notes
    )
    assert "schema: FsReadResponse is the result of no request; if it answers a request, say so in [response]" in notes
    assert not any("AskResponse" in note for note in notes)


def test_lint_notes_nothing_once_a_refusal_is_given(tmp_path: Path) -> None:
    _, notes = lint_of(tmp_path, {}, '[refusal]\n"mcpServer/ask" = { result = {} }\n')
    assert not any("refus" in note for note in notes)


def test_lint_refuses_a_module_that_bears_the_name_of_a_type() -> None:
    made = protocol(SOURCE, Overrides())
    errors, _ = lint(made, Normalised({"Hot": obj()}), Layout({"Hot": "Hot"}))
    assert [error.reason for error in errors] == ["module Hot bears the name of a type"]


def test_vendored_bundle_is_read_without_surprise() -> None:
    """Every type of the bundle but the envelopes of JSON-RPC becomes a definition."""
    loaded = load(pipeline.SCHEMA / "experimental.json")
    assert not any(name.startswith("JSONRPC") for name in loaded.definitions)
    assert len(loaded.client_requests) > 150
    assert len(loaded.definitions) > 800
