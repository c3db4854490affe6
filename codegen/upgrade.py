"""Bring the whole project to another runtime, or change nothing.

Everything is prepared in a copy of the project: schema, version, changelog section and all generated files. What a
human has to decide stops it there, all decisions at once. The copy then runs the tests of the generated layer. Only
what passes is swapped in: first every new file is written beside its old one, then all are renamed, so that a full
disk or an interrupt in between leaves the old tree whole.

The changelog compares with the last release, whose schema lies in ``schema/released.json``.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openai_codex._schema import description, report
from openai_codex._schema.description import Description
from openai_codex._schema.diff import Change, diff

from . import manifest, pipeline
from .changelog import with_protocol_section
from .findings import CodegenError, Finding
from .sources import Bundles, write_schema_dir

__all__ = ["RELEASED", "Upgrade", "pin_runtime", "upgrade"]

RELEASED = Path("schema/released.json")
_PIN_LINE = re.compile(r'"openai-codex-cli-bin==[^"]+"')
_CHANGELOG, _PROJECT = Path("CHANGELOG.md"), Path("pyproject.toml")
_TESTS = ("tests/generated", "tests/architecture/test_generated.py")
_TEST_SECONDS = 1200
# What a copy of the project is made without.
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did.

    Attributes:
        old: Runtime version before.
        new: Runtime version now.
        changes: What differs between the two.
        files: Paths of the files that were written or removed.
        notes: What a human should know.
    """

    old: str
    new: str
    changes: list[Change]
    files: list[str]
    notes: tuple[Finding, ...]


def pin_runtime(root: Path, version: str) -> None:
    """Make the project depend on this runtime version, and on no other."""
    project = root / _PROJECT
    text = project.read_text(encoding="utf-8")
    pinned = _PIN_LINE.sub(f'"openai-codex-cli-bin=={version}"', text)
    if pinned != text:
        project.write_text(pinned, encoding="utf-8", newline="\n")


def upgrade(bundles: Bundles, root: Path = pipeline.ROOT, *, tests: bool = True) -> Upgrade:
    """Bring the project to the runtime that wrote the bundles.

    Args:
        bundles: Its schema.
        root: The project.
        tests: Whether the tests of the generated layer must pass first.

    Raises:
        CodegenError: a human has to decide or to mend something, or a test fails; nothing was changed.
    """
    before = _described(root / pipeline.GENERATED / pipeline.DESCRIPTION)
    released = _described(root / RELEASED)
    with tempfile.TemporaryDirectory(prefix="codex-upgrade-") as scratch:
        staged = Path(scratch, "project")
        shutil.copytree(root, staged, ignore=_LEFT_OUT, symlinks=True)
        write_schema_dir(bundles, staged / "schema")
        pin_runtime(staged, bundles.runtime_version)
        output = pipeline.build(staged / "schema", overrides_file=staged / "codegen/overrides.toml")
        after = description.loads(output.files[(pipeline.GENERATED / pipeline.DESCRIPTION).as_posix()])
        _write_changelog(staged / _CHANGELOG, released, after)
        manifest.write(output.files, staged, inputs_below=staged)
        if tests:
            _test(staged)
        changed = sorted(_differing(staged, root))
        _swap(staged, root, changed)
    return Upgrade(before.version, after.version, diff(before, after), changed, output.notes)


def _described(path: Path) -> Description:
    try:
        return description.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        step = 'run "make generate"; a release copies src/openai_codex/_generated/schema.json to schema/released.json'
        raise CodegenError([Finding(path.name, f"unreadable ({error})", step)]) from error


def _write_changelog(path: Path, released: Description, after: Description) -> None:
    changes = diff(released, after)
    section = report.as_markdown(released.version, after.version, changes) if changes else ""
    path.write_text(with_protocol_section(path.read_text(encoding="utf-8"), section), encoding="utf-8", newline="\n")


def _test(staged: Path) -> None:
    pipeline.progress(f"codegen: testing the generated layer ({', '.join(_TESTS)})")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_TESTS]
    environment = {**os.environ, "PYTHONPATH": str(staged / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=staged, env=environment, capture_output=True, text=True, timeout=_TEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        reason = f"did not end within {_TEST_SECONDS} s"
        raise CodegenError([Finding("tests of the generated layer", reason, "look for what hangs")]) from None
    if done.returncode != 0:
        failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
        step = "mend it, or add `--skip-tests` to have the new files in place while you do"
        reasons = failed or [f"exit code {done.returncode}: {(done.stdout + done.stderr).strip()[-400:]}"]
        raise CodegenError(Finding("tests of the generated layer", reason, step) for reason in reasons)


def _owned(root: Path) -> Iterator[Path]:
    """Every file that an upgrade may write, relative to the root."""
    yield from (_CHANGELOG, _PROJECT)
    for folder in (Path("schema"), *manifest.FOLDERS):
        for path in (root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root)


def _differing(staged: Path, root: Path) -> Iterator[str]:
    for path in {*_owned(staged), *_owned(root)}:
        old, new = root / path, staged / path
        if not (old.is_file() and new.is_file() and old.read_bytes() == new.read_bytes()):
            yield path.as_posix()


def _swap(staged: Path, root: Path, changed: Sequence[str]) -> None:
    """Take over the named files. Until the first rename nothing is changed, and a rename needs no space."""
    parts: list[tuple[Path, Path]] = []
    gone = [root / name for name in changed if not (staged / name).is_file()]
    try:
        for name in changed:
            source, target = staged / name, root / name
            if target not in gone:
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(f".{target.name}.part")
                parts.append((part, target))
                part.write_bytes(source.read_bytes())
    except BaseException:
        for part, _ in parts:
            part.unlink(missing_ok=True)
        raise
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # from here on it is all of them
    try:
        for part, target in parts:
            part.replace(target)
        for target in gone:
            target.unlink()
    finally:
        signal.signal(signal.SIGINT, interrupt)
