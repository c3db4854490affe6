"""The code generation pipeline: schema bundles in, ``src/openai_codex/_generated`` and its sync twin out.

It builds on ``openai_codex._schema``, which needs nothing that is generated, of the project that it lies in: installed
or not, a copy works on itself.
"""

import sys
from pathlib import Path

_SOURCES = str(Path(__file__).resolve().parents[1] / "src")
if _SOURCES not in sys.path:
    sys.path.insert(0, _SOURCES)
