"""Bring the whole project to another runtime, or change nothing.

Everything is prepared in a copy of the project: schema, version, changelog section and all generated files. What a
human has to decide stops it there, all decisions at once. The copy then runs the tests of the generated layer. Only
what passes is swapped in: every new file is first written beside its old one, so that a full disk changes nothing, and
then all are renamed; if one cannot be, those before it get their old content back. A file that somebody changed
meanwhile stops the swap, and what an upgrade does not own it never touches.

The changelog compares with the last release, whose schema lies in ``schema/released.json``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openai_codex._schema import description, report
from openai_codex._schema.description import Description
from openai_codex._schema.diff import Change, diff

from . import manifest, pipeline
from .changelog import with_protocol_section
from .findings import CodegenError, Finding
from .sources import EXPERIMENTAL, MANIFEST, STABLE, Bundles, write_schema_dir

__all__ = ["RELEASED", "Upgrade", "pin_runtime", "upgrade"]

RELEASED = Path("schema/released.json")
_PIN_LINE = re.compile(r'"openai-codex-cli-bin==[^"]+"')
_CHANGELOG, _PROJECT = Path("CHANGELOG.md"), Path("pyproject.toml")
_OWNED = (_CHANGELOG, _PROJECT, *(Path("schema", name) for name in (EXPERIMENTAL, STABLE, MANIFEST)))
_TESTS = ("tests/generated", "tests/architecture/test_generated.py")
_TEST_SECONDS = 1200
# What a copy of the project is made of: what the pipeline and the tests of the generated layer read.
_COPIED = ("CHANGELOG.md", "README.md", "codegen", "docs", "pyproject.toml", "schema", "src", "tests")
_LEFT_OUT = shutil.ignore_patterns("__pycache__")


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
    """Make the project depend on this runtime version, and on no other.

    Raises:
        CodegenError: it has no line that pins one.
    """
    project = root / _PROJECT
    text = project.read_bytes().decode()
    pinned, count = _PIN_LINE.subn(f'"openai-codex-cli-bin=={version}"', text)
    if not count:
        step = f'add `"openai-codex-cli-bin=={version}"` to the dependencies'
        raise CodegenError([Finding(_PROJECT.name, "pins no version of the runtime", step)])
    if pinned != text:
        project.write_bytes(pinned.encode())


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
        old = _owned(root)
        _copy(root, staged)
        write_schema_dir(bundles, staged / "schema")
        pin_runtime(staged, bundles.runtime_version)
        _write_changelog(staged / _CHANGELOG, released, released)  # there is a place for the section
        output = pipeline.build(staged / "schema", overrides_file=staged / "codegen/overrides.toml")
        after = description.loads(output.files[(pipeline.GENERATED / pipeline.DESCRIPTION).as_posix()])
        _write_changelog(staged / _CHANGELOG, released, after)
        manifest.write(output.files, staged, inputs_below=staged)
        if tests:
            _test(staged)
        new = _owned(staged)
        now = _owned(root)
        if touched := [path for path in sorted({*old, *now}) if old.get(path) != now.get(path)]:
            step = "keep your change, commit it, and upgrade again"
            raise CodegenError(Finding(path, "was changed while the upgrade was prepared", step) for path in touched)
        _swap(root, old, new)
    notes = output.notes
    if repeated := _repeated(old, new):
        step = "set it by hand if you come back to that runtime"
        notes = (*notes, Finding("schema/manifest.json", f"package_version was {repeated}", step))
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    return Upgrade(before.version, after.version, diff(before, after), changed, notes)


def _repeated(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """The version of a repeated release (``.post1``) that an upgrade leaves behind; "" for none."""
    was, now = (json.loads(files[f"schema/{MANIFEST}"]) for files in (old, new))
    lost = was["package_version"] not in (was["runtime_version"], now["package_version"])
    return str(was["package_version"]) if lost else ""


def _copy(root: Path, staged: Path) -> None:
    for name in _COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, staged / name, ignore=_LEFT_OUT)  # what links lead to, not the links
        elif source.is_file():
            staged.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, staged / name)


def _described(path: Path) -> Description:
    try:
        return description.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        step = 'run "make generate"; a release copies src/openai_codex/_generated/schema.json to schema/released.json'
        raise CodegenError([Finding(path.name, f"unreadable ({error})", step)]) from error


def _write_changelog(path: Path, released: Description, after: Description) -> None:
    changes = diff(released, after)
    section = report.as_markdown(released.version, after.version, changes) if changes else ""
    path.write_bytes(with_protocol_section(path.read_bytes().decode(), section).encode())


def _test(staged: Path) -> None:
    pipeline.progress(f"codegen: testing the generated layer ({', '.join(_TESTS)})")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *_TESTS]
    environment = {**os.environ, "PYTHONPATH": str(staged / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTEST_ADDOPTS", None)  # options that select or collect only would let everything pass
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


def _owned(root: Path) -> dict[str, bytes]:
    """Content of every file that an upgrade may write or remove: its own five, and what is generated."""
    generated = manifest.generated_files(root)
    return {
        path: (root / path).read_bytes()
        for path in (*(each.as_posix() for each in _OWNED), *generated)
        if (root / path).is_file()
    }


def _swap(root: Path, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
    """Bring the owned files of ``root`` from ``old`` to ``new``, all or none."""
    targets = {path: (root / path).resolve() for path in {*old, *new} if old.get(path) != new.get(path)}
    parts: dict[str, Path] = {}
    done: list[str] = []
    try:
        for path, target in targets.items():
            if path in new:
                target.parent.mkdir(parents=True, exist_ok=True)
                parts[path] = part = target.with_name(f".{target.name}.part")
                part.write_bytes(new[path])
                if target.exists():
                    shutil.copymode(target, part)
        with _uninterrupted():
            for path, target in targets.items():
                done.append(path)
                if path in parts:
                    parts[path].replace(target)
                else:
                    target.unlink()
    except BaseException:
        for path in done:
            if path in old:
                targets[path].write_bytes(old[path])
            else:
                targets[path].unlink(missing_ok=True)
        raise
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
        manifest.tidy(root)


@contextmanager
def _uninterrupted() -> Generator[None, None, None]:
    """Ctrl-C has to wait; only the main thread can say so, and only it is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
