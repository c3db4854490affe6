"""Command line of the pipeline: ``python -m codegen schema | generate | check | upgrade | diff``.

Exit codes: 0 fine, 1 drift or findings (each on one line), 2 usage. Those of ``diff --fail-on`` are 1 attention,
2 breaking, and 3 where there is nothing to compare.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

try:
    from openai_codex._schema import report
    from openai_codex._schema.diff import diff, verdict_of
    from openai_codex._schema.errors import SchemaError
    from openai_codex._schema.rules import Verdict
    from openai_codex._transport.schemas import SOURCES

    from . import compare, manifest, pipeline, sources, upgrade
    from .findings import CodegenError
except ModuleNotFoundError as error:
    sys.exit(f'codegen: {error.name} is not installed; run "make install"')


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


_REPORTS: dict[str, Callable[..., str]] = {
    "text": lambda *compared: report.as_text(*compared, colour=_colour()),
    "markdown": report.as_markdown,
    "json": report.as_json,
}


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty")  # Path("") would be the working directory
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)

    schema = commands.add_parser("schema", help="take the schema bundles from a runtime", allow_abbrev=False)
    _add_source(schema, required=False)
    schema.add_argument("--output", metavar="DIR", type=_folder, default=pipeline.SCHEMA, help="default: schema/")

    generate = commands.add_parser("generate", help="generate all code and docs from the schema", allow_abbrev=False)
    generate.add_argument("--schema", metavar="DIR", type=_folder, default=pipeline.SCHEMA, help="default: schema/")
    generate.add_argument("--output", metavar="DIR", type=_folder, default=pipeline.ROOT, help="default: this project")

    check = commands.add_parser(
        "check", help="fail if anything generated is not what the pipeline makes", allow_abbrev=False
    )
    check.add_argument("--quick", action="store_true", help="compare hashes only, generate nothing")

    raise_to = commands.add_parser("upgrade", help="bring the project to another runtime", allow_abbrev=False)
    _add_source(raise_to, required=True)
    raise_to.add_argument("--skip-tests", action="store_true", help="take over what the generated layer's tests refuse")

    comparison = commands.add_parser("diff", help="say what differs between two schemas", allow_abbrev=False)
    for name in ("old", "new"):
        comparison.add_argument(name, metavar=name.upper(), help=f"a published runtime version, {SOURCES}")
    comparison.add_argument("--stable", action="store_true", help="leave out what is experimental")
    comparison.add_argument("--format", choices=[*_REPORTS], default="text", help="default: text")
    comparison.add_argument(
        "--fail-on", choices=["attention", "breaking"], help="exit code 1 or 2 from this verdict on"
    )
    return parser


def _add_source(parser: argparse.ArgumentParser, *, required: bool) -> None:
    source = parser.add_mutually_exclusive_group(required=required)
    source.add_argument("--codex-bin", metavar="PATH", help="a runtime binary")
    source.add_argument("--runtime", metavar="VERSION", help="a published runtime version, fetched with pip")
    source.add_argument("--url", help="a folder (ending in /) with both bundles, or the experimental one")
    parser.add_argument("--stable-url", metavar="URL", help="the stable bundle that goes with --url")
    parser.add_argument("--runtime-version", metavar="VERSION", help="runtime version of the bundles at --url")


def _bundles(arguments: argparse.Namespace) -> sources.Bundles:
    if arguments.codex_bin:
        return sources.from_binary(arguments.codex_bin)
    if arguments.runtime:
        return sources.from_runtime_version(arguments.runtime)
    if arguments.url:
        return sources.from_url(
            arguments.url, stable_url=arguments.stable_url, runtime_version=arguments.runtime_version
        )
    return sources.from_installed_runtime()


def _schema(arguments: argparse.Namespace) -> None:
    bundles = _bundles(arguments)
    sources.write_schema_dir(bundles, arguments.output)
    pipeline.progress(f"codegen: {arguments.output.name}/ holds the schema of codex {bundles.runtime_version}")
    if arguments.output.resolve() == pipeline.SCHEMA:
        upgrade.pin_runtime(pipeline.ROOT, bundles.runtime_version)


def _generate(arguments: argparse.Namespace) -> None:
    vendored = arguments.schema.resolve() == pipeline.SCHEMA
    output = pipeline.build(arguments.schema, vendored=vendored)
    for note in output.notes:
        pipeline.progress(f"note: {note}")
    changed = manifest.write(output.files, arguments.output)
    pipeline.progress(f"codegen: {len(output.files)} files, {len(changed)} changed")


def _check(arguments: argparse.Namespace) -> None:
    findings = manifest.check()
    if not arguments.quick:
        try:
            findings += manifest.compare(pipeline.build().files)
        except CodegenError as error:
            # What stops the pipeline says more than that its inputs changed.
            findings = [*error.findings, *(finding for finding in findings if finding.reason != manifest.OUTDATED)]
    if findings:
        raise CodegenError(set(findings))
    pipeline.progress("codegen: everything generated is up to date")


def _upgrade(arguments: argparse.Namespace) -> None:
    done = upgrade.upgrade(_bundles(arguments), tests=not arguments.skip_tests)
    for note in done.notes:
        pipeline.progress(f"note: {note}")
    print(report.as_text(done.old, done.new, done.changes, colour=_colour()), end="")
    pipeline.progress(
        f"codegen: {len(done.files)} files changed; next: read the changelog's section, "
        "`make check`, and `make matrix` for docs/compatibility.md"
    )


def _diff(arguments: argparse.Namespace) -> int:
    old, new = (compare.describe_named(name, stable=arguments.stable) for name in (arguments.old, arguments.new))
    changes = diff(old, new)
    print(_REPORTS[arguments.format](old.version, new.version, changes), end="")
    verdict = verdict_of(changes)
    return int(verdict) if arguments.fail_on and verdict >= Verdict[arguments.fail_on] else 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "schema": _schema,
    "generate": _generate,
    "check": _check,
    "upgrade": _upgrade,
    "diff": _diff,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command in ("schema", "upgrade"):
        for option in ("codex_bin", "runtime", "url", "stable_url", "runtime_version"):
            if getattr(arguments, option) == "":
                parser.error(f"--{option.replace('_', '-')} is empty")
        if arguments.url is None and (arguments.stable_url is not None or arguments.runtime_version is not None):
            parser.error("--stable-url and --runtime-version belong to --url")
    failed = 3 if arguments.command == "diff" else 1
    try:
        return _COMMANDS[arguments.command](arguments) or 0
    except CodegenError as error:
        for finding in error.findings:
            print(finding, file=sys.stderr)
        return failed
    except SchemaError as error:
        print(error, file=sys.stderr)
        return failed
    except ModuleNotFoundError as error:
        print(f'codegen: {error.name} is not installed; run "make install"', file=sys.stderr)
        return failed
    except OSError as error:
        print(
            f"{error.filename or 'codegen'}: {error.strerror or error}; check the path and its permissions",
            file=sys.stderr,
        )
        return failed


if __name__ == "__main__":
    sys.exit(main())
