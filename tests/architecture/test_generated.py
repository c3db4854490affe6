"""Nobody edited a generated file, and nothing that decides them changed since."""

from __future__ import annotations

from codegen import manifest


def test_generated_files_are_as_the_pipeline_wrote_them() -> None:
    assert [str(finding) for finding in manifest.check()] == []
