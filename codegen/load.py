"""Read a schema bundle for the pipeline: what the package itself reads, with errors that say what to do here."""

from __future__ import annotations

from pathlib import Path

from openai_codex._schema.bundle import Bundle, BundleError, read

from .findings import CodegenError, Finding

__all__ = ["load"]


def load(source: Path | bytes, *, name: str | None = None) -> Bundle:
    """Read and flatten one bundle.

    Args:
        source: File of the bundle, or its bytes.
        name: What to call it in errors; the file's name if left out.

    Raises:
        CodegenError: the file is no schema bundle, or two namespaces disagree about a type.
    """
    where = name or (source.name if isinstance(source, Path) else "bundle")
    try:
        return read(source if isinstance(source, bytes) else source.read_bytes())
    except OSError as error:
        raise CodegenError([Finding(where, f"unreadable ({error})", 'run "make schema"')]) from error
    except BundleError as error:
        step = "teach openai_codex/_schema/bundle.py about it" if error.is_bundle else 'run "make schema"'
        raise CodegenError([Finding(where, reason, step) for reason in error.reasons]) from error
