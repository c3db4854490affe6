"""An isolated Codex home: directories, configuration and environment that keep the user's own out.

All directories are siblings below one fresh temporary directory. ``TMPDIR`` points at one of them because the
runtime refuses to install its sandbox helpers when its home lies inside the temporary directory. ``HOME`` is
an empty one, so no login profile slows the first command down or writes into its output. The proxy of every
protocol is the model's own server, which refuses: without it the runtime calls the outside (catalogues of
plugins and the like) where there is a network, and a test would depend on that.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Home"]

_PROVIDER = "scripted"
_ISOLATED = ("CODEX_", "OPENAI_")
_WORKLOAD_IDENTITY = ("OPENAI_FEDERATION_RULE_ID", "OPENAI_IDENTITY_TOKEN_FILE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_LOOPBACK = "127.0.0.1,localhost,::1"


class Home:
    """Directories of one scripted model, removed by ``close()``."""

    def __init__(self, base_url: str, *, model: str, config_toml: str, requires_openai_auth: bool) -> None:
        self._proxy = base_url.removesuffix("/v1")
        self._root = tempfile.TemporaryDirectory(prefix="codex-", ignore_cleanup_errors=True)
        # The runtime reports real paths, and a temporary directory may lie behind a symlink (macOS).
        root = Path(self._root.name).resolve()
        self.codex_home = root / "codex"
        self.workspace = root / "work"
        self._user_home = root / "user"
        self._temporary = root / "tmp"
        for directory in (self.codex_home, self.workspace, self._user_home, self._temporary):
            directory.mkdir()
        # Top-level keys come first, because in TOML a table ends only where the next one begins.
        (self.codex_home / "config.toml").write_text(
            f"model = {_quoted(model)}\n"
            f"model_provider = {_quoted(_PROVIDER)}\n"
            f"{config_toml}\n"
            f"[model_providers.{_PROVIDER}]\n"
            'name = "Scripted model"\n'
            f"base_url = {_quoted(base_url)}\n"
            'wire_api = "responses"\n'
            "request_max_retries = 0\n"
            "stream_max_retries = 0\n"
            f"requires_openai_auth = {str(requires_openai_auth).lower()}\n",
            encoding="utf-8",
        )

    def environment(self, current: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables that isolate the runtime from the ``current`` environment.

        They are added to the current environment, so a variable can be emptied but not removed.

        Raises:
            RuntimeError: a variable is set that the runtime obeys even when it is empty.
        """
        if obeyed := [name for name in _WORKLOAD_IDENTITY if name in current]:
            raise RuntimeError(
                f"ScriptedModel: {' and '.join(obeyed)} would log the runtime in with a real account; "
                "remove it from the environment of the tests"
            )
        isolated = [name for name in current if name.upper().startswith(_ISOLATED)]
        return {
            **dict.fromkeys([*isolated, "BASH_ENV", "ENV"], ""),
            **dict.fromkeys(_PROXIES, self._proxy),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), _LOOPBACK),
            **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(self._temporary)),
            **dict.fromkeys(("HOME", "USERPROFILE"), str(self._user_home)),
            "CODEX_HOME": str(self.codex_home),
            "CODEX_APP_SERVER_DISABLE_MANAGED_CONFIG": "1",
            "RUST_LOG": "error",
        }

    def close(self) -> None:
        """Remove every directory. Idempotent."""
        self._root.cleanup()
        # A command that outlives the runtime for a moment may still be writing.
        deadline = time.monotonic() + 1.0
        while os.path.exists(self._root.name) and time.monotonic() < deadline:
            time.sleep(0.02)
            shutil.rmtree(self._root.name, ignore_errors=True)


def _quoted(text: str) -> str:
    """Return the text as a TOML basic string, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
