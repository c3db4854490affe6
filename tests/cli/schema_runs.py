"""Programs that stand in for runtimes of other versions, as far as their schema goes."""

from __future__ import annotations

import sys
from pathlib import Path

BUNDLES = Path(__file__).parents[1] / "codegen" / "bundles"

_RUNTIME = """
import gzip, pathlib, sys
if sys.argv[1:] == ["--version"]:
    print("codex-cli @VERSION@")
else:
    kind = "experimental" if "--experimental" in sys.argv else "stable"
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    bundle = gzip.open(f"@BUNDLES@/@VERSION@-{kind}.json.gz").read()
    (out / "codex_app_server_protocol.schemas.json").write_bytes(bundle)
"""


def program(folder: Path, text: str) -> str:
    """Write a program that can be run; return its path."""
    path = folder / "codex"
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def recorded_runtime(folder: Path, version: str) -> str:
    """A program that emits the bundles of a recorded version as that runtime did; return its path."""
    return program(folder, _RUNTIME.replace("@VERSION@", version).replace("@BUNDLES@", str(BUNDLES)))
