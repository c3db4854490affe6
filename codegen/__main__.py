"""Command line of the pipeline: ``python -m codegen schema | generate | check``.

Exit codes: 0 fine, 1 drift or findings (each on one line), 2 usage.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

try:
    from . import manifest, pipeline, sources
    from .findings import CodegenError
except ModuleNotFoundError as error:
    sys.exit(f'codegen: {error.name} is not installed; run "make install"')

_PIN_LINE = re.compile(r'"openai-codex-cli-bin==[^"]+"')


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty")  # Path("") would be the working directory
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)

    schema = commands.add_parser("schema", help="take the schema bundles from a runtime", allow_abbrev=False)
    source = schema.add_mutually_exclusive_group()
    source.add_argument("--codex-bin", metavar="PATH", help="a runtime binary")
    source.add_argument("--runtime", metavar="VERSION", help="a published runtime version, fetched with pip")
    source.add_argument("--url", help="a folder (ending in /) with both bundles, or the experimental one")
    schema.add_argument("--stable-url", metavar="URL", help="the stable bundle that goes with --url")
    schema.add_argument("--runtime-version", metavar="VERSION", help="runtime version of the bundles at --url")
    schema.add_argument("--output", metavar="DIR", type=_folder, default=pipeline.SCHEMA, help="default: schema/")

    generate = commands.add_parser("generate", help="generate all code and docs from the schema", allow_abbrev=False)
    generate.add_argument("--schema", metavar="DIR", type=_folder, default=pipeline.SCHEMA, help="default: schema/")
    generate.add_argument("--output", metavar="DIR", type=_folder, default=pipeline.ROOT, help="default: this project")

    check = commands.add_parser(
        "check", help="fail if anything generated is not what the pipeline makes", allow_abbrev=False
    )
    check.add_argument("--quick", action="store_true", help="compare hashes only, generate nothing")
    return parser


def _schema(arguments: argparse.Namespace) -> None:
    if arguments.codex_bin:
        bundles = sources.from_binary(arguments.codex_bin)
    elif arguments.runtime:
        bundles = sources.from_runtime_version(arguments.runtime)
    elif arguments.url:
        bundles = sources.from_url(
            arguments.url, stable_url=arguments.stable_url, runtime_version=arguments.runtime_version
        )
    else:
        bundles = sources.from_installed_runtime()
    sources.write_schema_dir(bundles, arguments.output)
    pipeline.progress(f"codegen: {arguments.output.name}/ holds the schema of codex {bundles.runtime_version}")
    if arguments.output.resolve() == pipeline.SCHEMA:
        project = pipeline.ROOT / "pyproject.toml"
        text = project.read_text(encoding="utf-8")
        pinned = _PIN_LINE.sub(f'"openai-codex-cli-bin=={bundles.runtime_version}"', text)
        if pinned != text:
            project.write_text(pinned, encoding="utf-8", newline="\n")


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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command == "schema":
        for option in ("codex_bin", "runtime", "url", "stable_url", "runtime_version"):
            if getattr(arguments, option) == "":
                parser.error(f"--{option.replace('_', '-')} is empty")
        if arguments.url is None and (arguments.stable_url is not None or arguments.runtime_version is not None):
            parser.error("--stable-url and --runtime-version belong to --url")
    try:
        {"schema": _schema, "generate": _generate, "check": _check}[arguments.command](arguments)
    except CodegenError as error:
        for finding in error.findings:
            print(finding, file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f'codegen: {error.name} is not installed; run "make install"', file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"{error.filename or 'codegen'}: {error.strerror or error}; check the path and its permissions",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
