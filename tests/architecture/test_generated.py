"""Nobody edited a generated file, and nothing that decides them changed since."""

from __future__ import annotations

from codegen import manifest, pipeline


def test_generated_files_are_as_the_pipeline_wrote_them() -> None:
    assert [str(finding) for finding in manifest.check()] == []


def test_readme_names_every_generated_folder() -> None:
    text = (pipeline.ROOT / "README.md").read_text(encoding="utf-8")
    generated = pipeline.ROOT / pipeline.GENERATED
    folders = [path.name for path in generated.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [name for name in sorted(folders) if f"{name}/`" not in text] == []
