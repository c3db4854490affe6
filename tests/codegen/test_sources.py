"""Schema acquisition: the real runtime, binaries that misbehave, and servers that answer something else."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from codegen import sources
from codegen.runtimes import CACHE_VARIABLE
from codegen.sources import (
    Bundles,
    Source,
    SourceError,
    from_binary,
    from_installed_runtime,
    from_runtime_version,
    from_url,
    looks_like_schema,
    write_schema_dir,
)
from tests.standin_binary import needs_shebang, write_binary

SCHEMA_DIR = Path(__file__).parents[2] / "schema"
DUMPED_FILE = "codex_app_server_protocol.schemas.json"


def bundle(*names: str) -> bytes:
    definitions: dict[str, Any] = {name: {} for name in ("ClientRequest", "ServerNotification", "ServerRequest")}
    definitions["v2"] = {name: {} for name in names}
    return json.dumps({"definitions": definitions}).encode()


STABLE, EXPERIMENTAL = bundle("Thread"), bundle("Thread", "Realtime")


def bundles(version: str = "0.163.0") -> Bundles:
    return Bundles(STABLE, EXPERIMENTAL, version, Source("package", version))


# --- the installed runtime -------------------------------------------------------------------------------


def test_installed_runtime_gives_the_vendored_schema() -> None:
    """The vendored files are what the pinned runtime says of itself, byte for byte."""
    dumped = from_installed_runtime()
    assert dumped.stable == (SCHEMA_DIR / "stable.json").read_bytes()
    assert dumped.experimental == (SCHEMA_DIR / "experimental.json").read_bytes()
    assert dumped.source == Source("package", dumped.runtime_version)


def test_vendored_manifest_is_what_the_pipeline_writes(tmp_path: Path) -> None:
    vendored = (SCHEMA_DIR / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(vendored)
    source = Source(**json.loads(vendored)["source"])
    write_schema_dir(replace(from_installed_runtime(), source=source), tmp_path)
    assert (tmp_path / "manifest.json").read_text() == vendored


def test_installed_runtime_missing_says_how_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codex_cli_bin", None)
    with pytest.raises(SourceError, match=r"openai-codex-cli-bin: no usable runtime.*make install"):
        from_installed_runtime()


# --- binaries --------------------------------------------------------------------------------------------

GOOD_BINARY = f"""
import pathlib, sys
if sys.argv[1:] == ["--version"]:
    print("codex-cli 0.170.0-alpha.2")
else:
    assert sys.argv[1:3] == ["app-server", "generate-json-schema"], sys.argv
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    text = {EXPERIMENTAL!r} if "--experimental" in sys.argv else {STABLE!r}
    (out / {DUMPED_FILE!r}).write_bytes(text)
"""


@pytest.fixture
def binary(tmp_path: Path) -> Callable[[str], Path]:
    return partial(write_binary, tmp_path)


@needs_shebang
def test_binary_is_dumped_with_its_version(binary: Callable[[str], Path]) -> None:
    dumped = from_binary(binary(GOOD_BINARY))
    assert dumped == Bundles(STABLE, EXPERIMENTAL, "0.170.0-alpha.2", Source("binary", "0.170.0-alpha.2"))


@needs_shebang
def test_binary_runs_in_a_home_of_its_own(binary: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", "the user's")
    program = "import os, sys; sys.exit('home is ' + os.environ['CODEX_HOME'].replace('\\\\', '/'))"
    with pytest.raises(SourceError) as caught:
        from_binary(binary(program))
    assert "codex-schema-" in str(caught.value)


@needs_shebang
@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "import sys; sys.exit('no such luck')",
            "codex --version: exit code 1, `no such luck`; give the path",
        ),
        ("print('hello')", "codex --version: answered `hello`, not `codex-cli VERSION`"),
        ("", "codex --version: answered nothing"),
        ("print(chr(0) + 'x' * 10**6)", "codex --version: answered `"),
        (
            "import sys; print('codex-cli 0.1.0') if '--version' in sys.argv else sys.exit(2)",
            "codex app-server generate-json-schema: exit code 2, nothing; use a runtime",
        ),
        ("print('codex-cli 0.1.0')", f"codex app-server generate-json-schema: wrote no {DUMPED_FILE}"),
        (GOOD_BINARY.replace(repr(STABLE), "b'{'"), "generate-json-schema: gave 1 bytes that are no JSON"),
        (
            GOOD_BINARY.replace(repr(STABLE), "b'[]'"),
            "generate-json-schema: gave JSON that is no schema bundle, `\\[\\]`",
        ),
        (
            GOOD_BINARY.replace('if "--experimental" in', 'if "--experimental" not in'),
            "schema of runtime 0.170.0-alpha.2: the stable bundle has types .*Realtime.*swapped",
        ),
    ],
)
def test_binary_that_misbehaves_is_named_with_the_next_step(
    binary: Callable[[str], Path], program: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        from_binary(binary(program))
    assert len(str(caught.value)) < 600


@needs_shebang
def test_binary_that_hangs_is_ended(binary: Callable[[str], Path]) -> None:
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"codex --version: did not end within 0\.3 s"):
        from_binary(binary("import time; time.sleep(60)"), timeout_s=0.3)
    assert time.monotonic() - started < 20


def test_binary_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent --version: cannot be run: .*; give the path"):
        from_binary(tmp_path / "absent")


# --- a version from the package index --------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "latest", "--index-url=x", "0.163", "0.163.0 evil"])
def test_runtime_version_must_be_a_version(version: str) -> None:
    with pytest.raises(SourceError, match="is no version; write it like"):
        from_runtime_version(version)


def test_runtime_version_that_pip_cannot_find_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, CACHE_VARIABLE: str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SourceError, match=r"pip install openai-codex-cli-bin==0\.0\.1: exit code 1, .*No matching"):
        from_runtime_version("0.0.1")
    assert capfd.readouterr() == ("", "fetching openai-codex-cli-bin==0.0.1 ...\n")


# --- URLs ------------------------------------------------------------------------------------------------


Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Answers each path from a table of (status, headers, body), and a few paths by misbehaving."""

    daemon_threads = True
    answers: dict[str, Answer]
    release: threading.Event

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast(Server, self.server)
        if self.path == "/hang":
            server.release.wait(20)
            return
        status, headers, body = server.answers.get(self.path, (404, {}, b"nope"))
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.path == "/drip":
            while not server.release.wait(0.05):
                self.wfile.write(b" ")
        else:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(("127.0.0.1", 0), _Handler) as server:
        server.release = threading.Event()
        server.answers = {"/stable.json": (200, {}, STABLE), "/experimental.json": (200, {}, EXPERIMENTAL)}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()
            thread.join()


def fetch(server: Server, path: str, *, timeout_s: float = 10.0) -> Bundles:
    return from_url(
        server.url + path,
        stable_url=server.url + "/stable.json",
        runtime_version="0.170.0",
        timeout_s=timeout_s,
    )


def test_url_pair_is_fetched_byte_for_byte(server: Server) -> None:
    assert fetch(server, "/experimental.json") == Bundles(STABLE, EXPERIMENTAL, "0.170.0", Source("url", "0.170.0"))


def test_url_folder_names_its_version_in_the_manifest(server: Server) -> None:
    server.answers["/manifest.json"] = (200, {}, b'{"runtime_version": "0.171.0"}')
    assert from_url(server.url + "/").runtime_version == "0.171.0"
    assert from_url(server.url + "/", runtime_version="0.172.0").runtime_version == "0.172.0"


def test_url_folder_written_by_the_pipeline_reads_back(server: Server, tmp_path: Path) -> None:
    write_schema_dir(bundles(), tmp_path)
    server.answers |= {f"/{file.name}": (200, {}, file.read_bytes()) for file in tmp_path.iterdir()}
    fetched = from_url(server.url + "/")
    assert (fetched.stable, fetched.experimental, fetched.runtime_version) == (
        STABLE,
        EXPERIMENTAL,
        "0.163.0",
    )


def test_url_follows_redirects(server: Server) -> None:
    server.answers["/moved"] = (302, {"Location": "/experimental.json"}, b"")
    assert fetch(server, "/moved").experimental == EXPERIMENTAL


@pytest.mark.parametrize(
    ("status", "headers", "body", "message"),
    [
        (404, {}, b"nope", "/x: answered 404 Not Found; check the URL"),
        (500, {}, b"", "/x: answered 500 Internal Server Error"),
        (
            200,
            {},
            b"<!doctype html><title>Log in</title>",
            "/x: gave 36 bytes that are no JSON .*`<!doctype html><title>Log in</title>`",
        ),
        (200, {}, EXPERIMENTAL[:-9], "/x: gave [0-9]+ bytes that are no JSON .*complete"),
        (
            200,
            {"Content-Length": "9999"},
            EXPERIMENTAL,
            "/x: failed: .*closed.*; check the URL and the network",
        ),
        (200, {}, b'{"definitions": {}}', '/x: gave JSON that is no schema bundle, `{"definitions": {}}`'),
        (200, {}, b"[1]", "/x: gave JSON that is no schema bundle"),
        (200, {}, b"\xff\xfe", "/x: gave 2 bytes that are no JSON"),
        (200, {}, b"", "/x: gave 0 bytes that are no JSON .*, nothing"),
        (302, {"Location": "/x"}, b"", "/x: redirects more than 5 times; give the final URL"),
        (200, {"Content-Encoding": "gzip"}, b"rubbish", "/x: failed: "),
    ],
)
def test_url_answer_that_is_no_schema_is_named(
    server: Server, status: int, headers: dict[str, str], body: bytes, message: str
) -> None:
    server.answers["/x"] = (status, headers, body)
    with pytest.raises(SourceError, match=f"GET {server.url}{message}"):
        fetch(server, "/x")


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_url_that_does_not_complete_ends_at_the_deadline(server: Server, path: str) -> None:
    server.answers["/drip"] = (200, {"Content-Length": "1000000"}, b"")
    started = time.monotonic()
    with pytest.raises(SourceError, match=f"{path}: not complete after 0.3 s"):
        fetch(server, path, timeout_s=0.3)
    assert time.monotonic() - started < 10


def test_url_answer_without_end_stops_at_the_size_limit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_MAX_BUNDLE_BYTES", 2**20)
    server.answers["/x"] = (200, {}, b" " * (2**20 + 1))
    with pytest.raises(SourceError, match="/x: answered more than 1 MiB"):
        fetch(server, "/x")


def test_url_that_nobody_serves_is_named(server: Server) -> None:
    with pytest.raises(SourceError, match=r"GET http://127\.0\.0\.1:1/x: failed: .*check the URL and the network"):
        from_url("http://127.0.0.1:1/x", stable_url=server.url + "/stable.json", runtime_version="0.1.0")


@pytest.mark.parametrize(
    ("url", "stable_url", "version", "message"),
    [
        ("http://h/x.json", None, "0.1.0", "is one bundle.*--stable-url and --runtime-version"),
        ("http://h/x.json", "http://h/s", None, "is one bundle"),
        ("http://h/", "http://h/s", None, "leave out --stable-url"),
        ("http://h/", None, "new", "'new' is no runtime version"),
        ("ftp://h/", None, "0.1.0", "ftp://h/stable.json: failed: "),
        ("nonsense", "http://[", "0.1.0", r"GET http://\[: failed"),
    ],
)
def test_url_options_that_do_not_fit_are_refused(
    url: str, stable_url: str | None, version: str | None, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        from_url(url, stable_url=stable_url, runtime_version=version)


def test_errors_show_no_credentials_of_a_url(server: Server) -> None:
    url = server.url.replace("//", "//user:hunter2@") + "/absent?token=hunter3"
    with pytest.raises(SourceError) as caught:
        from_url(url, stable_url=server.url + "/stable.json", runtime_version="0.1.0")
    assert f"GET {server.url}/absent: answered 404" in str(caught.value)
    assert "hunter" not in str(caught.value)


# --- schema/ ---------------------------------------------------------------------------------------------


def test_schema_dir_is_written_byte_for_byte(tmp_path: Path) -> None:
    write_schema_dir(bundles(), tmp_path / "schema")
    assert (tmp_path / "schema" / "stable.json").read_bytes() == STABLE
    assert (tmp_path / "schema" / "experimental.json").read_bytes() == EXPERIMENTAL
    first = (tmp_path / "schema" / "manifest.json").read_bytes()
    assert json.loads(first)["oldest_runtime"] == "0.149.0"
    assert str(tmp_path).encode() not in first
    write_schema_dir(bundles(), tmp_path / "schema")
    assert (tmp_path / "schema" / "manifest.json").read_bytes() == first


@pytest.mark.parametrize(("runtime", "package"), [("0.163.0", "0.163.0.post1"), ("0.164.0", "0.164.0")])
def test_manifest_keeps_what_a_human_decided(tmp_path: Path, runtime: str, package: str) -> None:
    present = {"runtime_version": "0.163.0", "package_version": "0.163.0.post1", "oldest_runtime": "0.154.0"}
    (tmp_path / "manifest.json").write_text(json.dumps(present))
    write_schema_dir(bundles(runtime), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["runtime_version"] == runtime
    assert manifest["package_version"] == package
    assert manifest["oldest_runtime"] == "0.154.0"


def test_manifest_that_is_broken_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("<<<<<<<")
    with pytest.raises(SourceError, match=r"schema/manifest\.json: gave 7 bytes that are no JSON"):
        write_schema_dir(bundles(), tmp_path)
    assert os.listdir(tmp_path) == ["manifest.json"]


@pytest.mark.parametrize("value", [None, [], {}, {"definitions": []}, {"definitions": {"ClientRequest": {}}}])
def test_other_json_does_not_look_like_a_schema(value: object) -> None:
    assert not looks_like_schema(value)
    assert looks_like_schema(json.loads(STABLE))
