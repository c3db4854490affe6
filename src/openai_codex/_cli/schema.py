"""``schema``: what a runtime means for a program, what differs between two schemas, and what a method looks like.

Exit codes of its own, for pipelines: with ``--fail-on``, a verdict is one. What could not be done is therefore 3.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from .._config import CodexConfig
from .._generated._version import PACKAGE_VERSION
from .._terminal import printable
from ..errors import RuntimeNotFoundError
from . import fixes
from .options import NO_RUNTIME, SOURCES, add_codex_bin, add_timeout

if TYPE_CHECKING:
    from .._schema.description import Description
    from .._schema.rules import Verdict
    from .._transport.launch import Runtime

    # What a command has to say, and the verdict where it gave one.
    Answer = tuple[str, Verdict | None]

__all__ = ["HELP", "set_up"]

HELP = "check a runtime against this package, compare schemas, show methods and types"

# Folded by hand, for the table below must stay as it is.
_DESCRIPTION = """\
The protocol as its schema describes it. This package ships a compact description
of the schema that it was generated from; a runtime can be asked for its own."""

_CHECK = """\
Compare the runtime with the schema that this package was generated from: what
does this runtime, be it older or newer, mean for a program that was written
against this package? Each method that differs gets a verdict:

  compatible  nothing to do
  attention   nothing fails, but something may not do what it did
  breaking    what uses it fails"""

_DIFF = """\
Compare two schemas: what does an upgrade from OLD to NEW mean for a program? Each
of the two is one of these:

  package        what this package was generated from
  FILE.json      a bundle, which may be packed (.json.gz); if its name has
                 "experimental" or "stable" in it, the file with the other word
                 is taken as well
  DIRECTORY      one that holds experimental.json and stable.json
  any other file a runtime, which is asked"""

_SHOW = """\
Show a method with its params, its result and all types that these refer to.
"name?" may be left out, and means what stands behind "="."""

_EXIT_CODES = """exit codes:
  0    done; with --fail-on, the verdict is not one to fail on
  1    --fail-on attention, and the verdict is "attention"
  2    --fail-on, and the verdict is "breaking"; also wrong usage
  3    it could not be done: no runtime, an unreadable schema, an unknown name;
       or the output was not read to its end, as by head
  130  Ctrl-C"""

_FAILED = 3
_RUN_SECONDS = 60.0
_LIST_ALL = "python -m openai_codex schema show '*'"
_COLOUR = re.compile(r"(\x1b\[(?:0|3[1-3])m)")


def set_up(parser: argparse.ArgumentParser) -> None:
    """Make this command of a parser."""
    parser.description = _DESCRIPTION
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        name: str, action: Callable[[argparse.Namespace], Answer], short: str, description: str, epilog: str | None
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=short,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=_run, action=action, title=f"schema {name}")
        return made

    check = command("check", _check, "compare the runtime with this package", _CHECK, _EXIT_CODES)
    add_codex_bin(check)
    check.add_argument(
        "--method",
        "--methods",
        metavar="NAME",
        dest="methods",
        type=_names,
        action="extend",
        help="count only what reaches this method; may be repeated, hold several with commas, and patterns: 'thread/*'",
    )
    diff = command("diff", _diff, "compare two schemas", _DIFF, _EXIT_CODES)
    diff.add_argument("old", metavar="OLD", help="the schema that was")
    diff.add_argument("new", metavar="NEW", help="the schema that is")
    for each in (check, diff):
        each.add_argument("--stable", action="store_true", help="leave out the experimental API")
        each.add_argument("--fail-on", choices=("breaking", "attention"), help="fail on this verdict, and on worse")
        each.add_argument(
            "--format", choices=("text", "markdown", "json"), default="text", help="by default %(default)s"
        )
    show = command("show", _show, "show a method or a type", _SHOW, None)
    show.add_argument(
        "name", metavar="METHOD", help="a method or a type; a pattern such as 'thread/*' lists what matches"
    )
    show.add_argument("--json", action="store_true", help="write one JSON object")
    show.add_argument(
        "--codex-bin", metavar="PATH", help="ask this runtime; by default, what this package was generated from"
    )
    for each in (check, diff, show):
        add_timeout(each, _RUN_SECONDS, "how long each run of a runtime may take")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("takes the name of a method")
    return names


def _run(options: argparse.Namespace) -> int:
    """Run one of the commands. Returns the exit code."""
    from .._schema.errors import SchemaError
    from .._schema.names import UnknownNameError

    action = cast("Callable[[argparse.Namespace], Answer]", options.action)
    try:
        text, verdict = action(options)
    except RecursionError:
        return _failed(options, "a schema is nested too deeply to be compared; give another one")
    except UnknownNameError as error:
        return _failed(options, str(error) if error.near else f"{error}; list what there is: {_LIST_ALL}")
    except SchemaError as error:
        return _failed(options, str(error))
    except OSError as error:
        return _failed(options, f"{error.filename or 'the system'}: {error.strerror or error}")
    _write(text)
    if verdict is None or options.fail_on is None:
        return 0
    return verdict if options.fail_on == "attention" or verdict.name == "breaking" else 0


def _failed(options: argparse.Namespace, reason: str) -> int:
    print(printable(f"{options.title}: {reason}", block=True), file=sys.stderr)
    return _FAILED


def _write(text: str) -> None:
    """Write to standard output: no control characters but our own colours."""
    parts = _COLOUR.split(text) if _colour() else [text]
    sys.stdout.write("".join(part if index % 2 else printable(part, block=True) for index, part in enumerate(parts)))
    sys.stdout.flush()


def _colour() -> bool:
    shown = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return shown and (os.name != "nt" or "WT_SESSION" in os.environ)


# -- commands --------------------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> Answer:
    from .._metadata import judge_version
    from .._schema import check
    from .._schema.errors import SchemaError
    from .._schema.names import kinds, select
    from .._schema.shipped import shipped

    found = _find(options)
    package, runtime = shipped(), _ask(found, options)
    methods = None if options.methods is None else select(options.methods, {**kinds(package), **kinds(runtime)})
    if options.stable:
        package, runtime = package.stable(), runtime.stable()
        methods = None if methods is None else methods & {*kinds(package), *kinds(runtime)}
    if methods is not None and not methods:
        raise SchemaError("--method", "all these methods are experimental", "leave out --stable")
    version = judge_version(runtime.version)
    unsupported = version.text if version.fit == "unsupported" else ""
    checked = check.check(package, runtime, package_version=PACKAGE_VERSION, methods=methods, unsupported=unsupported)
    if options.format == "text":
        origin = f"{found.path} ({SOURCES[found.source]})"
        return check.as_text(checked, origin, colour=_colour()), checked.verdict
    return {"markdown": check.as_markdown, "json": check.as_json}[options.format](checked), checked.verdict


def _diff(options: argparse.Namespace) -> Answer:
    from .._schema import report
    from .._schema.diff import diff, verdict_of
    from .._transport.schemas import read_description, stable_part

    sides: list[Description] = []
    for source in (options.old, options.new):
        described = read_description(source, timeout_s=options.timeout)
        sides.append(stable_part(source, described) if options.stable else described)
    old, new = sides
    changes = diff(old, new)
    if options.format == "text":
        return report.as_text(old.version, new.version, changes, colour=_colour()), verdict_of(changes)
    show = {"markdown": report.as_markdown, "json": report.as_json}[options.format]
    return show(old.version, new.version, changes), verdict_of(changes)


def _show(options: argparse.Namespace) -> Answer:
    from .._schema import names, show
    from .._schema.shipped import shipped

    described = shipped() if options.codex_bin is None else _ask(_find(options), options)
    methods, types, name = names.kinds(described), described.types, options.name
    if names.is_pattern(name):
        found = names.matching(name, methods) or names.matching(name, types)
        if not found:
            raise names.UnknownNameError("method or type", name, [])
        return (show.listed_as_json if options.json else show.listed_as_text)(described, found), None
    if name in methods:
        doc, python = _known(name)
        subject = show.show_method(described, name, doc=doc, python=python)
    elif name in types:
        known = "." not in name and name in shipped().types
        subject = show.show_type(described, name, python=f"openai_codex.types.{name}" if known else "")
    else:
        raise names.UnknownNameError("method or type", name, names.near(name, {*methods, *types}))
    return (show.as_json if options.json else show.as_text)(described, subject), None


def _known(method: str) -> tuple[str, str]:
    """What this package says of a method, and how it is reached in Python."""
    from ..protocol import NOTIFICATIONS, REQUESTS, SERVER_REQUESTS

    if method in REQUESTS:
        return REQUESTS[method].doc, f"codex.rpc.{REQUESTS[method].python_path}(...)"
    if method in NOTIFICATIONS:
        return NOTIFICATIONS[method].doc, f"openai_codex.types.{NOTIFICATIONS[method].payload_name}"
    if method in SERVER_REQUESTS:
        return SERVER_REQUESTS[method].doc, f"ServerRequestHandlers.{SERVER_REQUESTS[method].handler}(...)"
    return "", f'not in this package; codex.request("{method}", ...)'


def _find(options: argparse.Namespace) -> Runtime:
    """The runtime, found as a client finds it."""
    from .._schema.errors import SchemaError
    from .._transport.launch import find_runtime

    try:
        return find_runtime(CodexConfig(codex_bin=options.codex_bin))
    except RuntimeNotFoundError as error:
        if options.codex_bin is None:
            raise SchemaError("runtime", NO_RUNTIME, fixes.install()) from error
        raise SchemaError(f"--codex-bin {options.codex_bin}", "is not a file", fixes.take_other_binary()) from error


def _ask(runtime: Runtime, options: argparse.Namespace) -> Description:
    """What a runtime says of itself."""
    from .._transport.schemas import describe_runtime

    return describe_runtime(runtime.path, timeout_s=options.timeout)
