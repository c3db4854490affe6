"""Acquires the schema bundles of one runtime version, and keeps them in ``schema/``.

The runtime itself emits its schema: ``codex app-server generate-json-schema``, once plain and once with
``--experimental``. Wherever a binary comes from, it is asked the same way; a published pair of bundles may be
fetched instead. Whatever arrives is kept byte for byte, and only after a look that it is a schema: a login
page or half a download must never reach the generator. Errors say what was asked, what came and what to do.

Of the origin only kind and version are recorded, so that two machines write the same manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from openai_codex._transport.dump import DUMP_COMMAND, DUMPED_FILE, RUN_SECONDS, VERSION, dump, excerpt

from . import runtimes
from .findings import SourceError, as_source_error

__all__ = [
    "Bundles",
    "Source",
    "SourceError",
    "from_binary",
    "from_installed_runtime",
    "from_runtime_version",
    "from_url",
    "looks_like_schema",
    "write_schema_dir",
]

_DEFAULT_OLDEST_RUNTIME = "0.149.0"
STABLE, EXPERIMENTAL, MANIFEST = "stable.json", "experimental.json", "manifest.json"

_ENVELOPES = ("ClientRequest", "ServerNotification", "ServerRequest")
_MAX_BUNDLE_BYTES = 64 * 1024 * 1024
_MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Source:
    """Where bundles came from: ``binary``, ``package`` or ``url``, and the version found there."""

    kind: str
    version: str


@dataclass(frozen=True, slots=True)
class Bundles:
    """Both schema bundles of one runtime, byte for byte as the runtime wrote them."""

    stable: bytes
    experimental: bytes
    runtime_version: str
    source: Source

    def __post_init__(self) -> None:
        stable, experimental = _definitions(self.stable), _definitions(self.experimental)
        if missing := sorted(stable - experimental):
            raise SourceError(
                f"schema of runtime {self.runtime_version}",
                f"the stable bundle has types that the experimental one lacks ({', '.join(missing[:3])} ...)",
                "check that the two are of one version and not swapped",
            )


def from_binary(path: str | os.PathLike[str], *, timeout_s: float = RUN_SECONDS) -> Bundles:
    """Dump both bundles from a runtime binary.

    Args:
        path: The ``codex`` executable.
        timeout_s: Seconds for each of its three runs; each takes a fraction of one.

    Raises:
        SourceError: The binary is missing, fails, does not end, or writes something else.
    """
    return _dump(Path(path), kind="binary", timeout_s=timeout_s)


def from_installed_runtime() -> Bundles:
    """Dump both bundles from the runtime package that is installed beside this code.

    Raises:
        SourceError: The package is not installed, or its binary cannot be dumped.
    """
    return _dump(runtimes.installed(), kind="package")


def from_runtime_version(version: str) -> Bundles:
    """Dump both bundles from one version of the runtime package, which pip fetches unless the cache has it.

    Args:
        version: Version of the runtime package, such as ``0.163.0``.

    Raises:
        SourceError: No such version, no way to it, or its binary cannot be dumped.
    """
    binary = runtimes.fetch(version)
    print(f"dumping the schema of {runtimes.PACKAGE}=={version} ...", file=sys.stderr, flush=True)
    return _dump(binary, kind="package")


def from_url(
    url: str, *, stable_url: str | None = None, runtime_version: str | None = None, timeout_s: float = 30.0
) -> Bundles:
    """Fetch a published pair of bundles.

    A URL ending in ``/`` is a folder laid out like ``schema/``: ``experimental.json``, ``stable.json`` and,
    unless ``runtime_version`` is given, ``manifest.json`` that names it. Any other URL is the experimental
    bundle itself; then ``stable_url`` and ``runtime_version`` are needed, since no bundle names its version.

    Args:
        url: Folder, or experimental bundle.
        stable_url: Stable bundle; not with a folder.
        runtime_version: Version of the runtime that wrote the bundles.
        timeout_s: Seconds for connecting, and for each file as a whole.

    Raises:
        SourceError: No answer in time, an error status, or an answer that is no schema bundle.
    """
    if url.endswith("/"):
        if stable_url is not None:
            raise SourceError(_shown(url), "is a folder, which has its own stable bundle", "leave out --stable-url")
        url, stable_url, manifest_url = url + EXPERIMENTAL, url + STABLE, url + MANIFEST
        if runtime_version is None:
            manifest = _parsed(_fetch(manifest_url, timeout_s), f"GET {_shown(manifest_url)}")
            runtime_version = str(manifest.get("runtime_version", ""))
    elif stable_url is None or runtime_version is None:
        raise SourceError(
            _shown(url),
            "is one bundle, and the pipeline needs two and their version",
            "add --stable-url and --runtime-version, or give a folder that ends in / and holds both",
        )
    if not VERSION.fullmatch(runtime_version):
        raise SourceError(_shown(url), f"{runtime_version!r} is no runtime version", "write it like 0.163.0")
    stable, experimental = (_fetch(each, timeout_s) for each in (stable_url, url))
    _check_schema(stable, f"GET {_shown(stable_url)}")
    _check_schema(experimental, f"GET {_shown(url)}")
    return Bundles(stable, experimental, runtime_version, Source("url", runtime_version))


def looks_like_schema(obj: object) -> bool:
    """Tell whether ``obj`` is the schema bundle of an app-server: definitions with the message envelopes."""
    if not isinstance(obj, dict):
        return False
    definitions = cast("dict[str, Any]", obj).get("definitions")
    return isinstance(definitions, dict) and all(name in definitions for name in _ENVELOPES)


def write_schema_dir(bundles: Bundles, schema_dir: Path) -> None:
    """Write ``stable.json``, ``experimental.json`` (byte for byte) and ``manifest.json``.

    Kept from the present manifest: ``oldest_runtime``, and ``package_version`` as long as the runtime version
    stays, so that a repeated release (``0.163.0.post1``) survives a new dump; ``source`` as long as the bundles do.
    """
    manifest_path = schema_dir / MANIFEST
    present: Mapping[str, Any] = {}
    if manifest_path.exists():
        present = _parsed(manifest_path.read_bytes(), f"schema/{MANIFEST}")
    version = bundles.runtime_version
    same_runtime = present.get("runtime_version") == version
    files = {EXPERIMENTAL: bundles.experimental, STABLE: bundles.stable}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    source = {"kind": bundles.source.kind, "version": bundles.source.version}
    manifest = {
        "runtime_version": version,
        "package_version": present.get("package_version", version) if same_runtime else version,
        "oldest_runtime": present.get("oldest_runtime", _DEFAULT_OLDEST_RUNTIME),
        "sha256": hashes,
        "source": present.get("source", source) if same_runtime and present.get("sha256") == hashes else source,
    }
    schema_dir.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (schema_dir / name).write_bytes(data)
    manifest_path.write_bytes((json.dumps(manifest, indent=2) + "\n").encode())


def _dump(binary: Path, *, kind: str, timeout_s: float = RUN_SECONDS) -> Bundles:
    with as_source_error():
        dumped = dump(binary, timeout_s=timeout_s)
    call = " ".join([binary.name, *DUMP_COMMAND])
    _check_schema(dumped.stable, call)
    _check_schema(dumped.experimental, f"{call} --experimental")
    return Bundles(dumped.stable, dumped.experimental, dumped.version, Source(kind, dumped.version))


def _fetch(url: str, timeout_s: float) -> bytes:
    call = f"GET {_shown(url)}"
    deadline = time.monotonic() + timeout_s
    too_late = SourceError(call, f"not complete after {timeout_s:g} s", "try again, or raise the timeout")
    body = bytearray()
    try:
        with (
            httpx.Client(timeout=timeout_s, follow_redirects=True, max_redirects=_MAX_REDIRECTS) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as response,
        ):
            if not response.is_success:
                status = f"{response.status_code} {response.reason_phrase}".strip()
                raise SourceError(call, f"answered {status}", "check the URL, and that it needs no login")
            if url.startswith("https:") and response.url.scheme != "https":
                raise SourceError(call, "redirects to an address without TLS", "give the final URL")
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BUNDLE_BYTES:
                    limit = f"{_MAX_BUNDLE_BYTES // 2**20} MiB"
                    raise SourceError(call, f"answered more than {limit}", "check that the URL is of a bundle")
                if time.monotonic() > deadline:
                    raise too_late
    except httpx.TimeoutException:
        raise too_late from None
    except httpx.TooManyRedirects:
        raise SourceError(call, f"redirects more than {_MAX_REDIRECTS} times", "give the final URL") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        cause = str(error) or type(error).__name__
        raise SourceError(call, f"failed: {cause}", "check the URL and the network") from error
    return bytes(body)


def _check_schema(data: bytes, call: str) -> None:
    if not looks_like_schema(_parsed(data, call)):
        raise SourceError(
            call,
            f"gave JSON that is no schema bundle, {excerpt(data.decode('utf-8', 'replace'))}",
            f"ask for {DUMPED_FILE} of the runtime",
        )


def _parsed(data: bytes, call: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        text = excerpt(data.decode("utf-8", "replace"))
        cause = f"gave {len(data)} bytes that are no JSON ({error}), {text}"
        raise SourceError(call, cause, "check that it is a bundle, and complete") from error
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _definitions(bundle: bytes) -> set[str]:
    definitions = json.loads(bundle)["definitions"]
    return set(definitions) | set(definitions.get("v2", ()))


def _shown(url: str) -> str:
    """Return a URL without what may be secret: user, password, query."""
    return re.sub(r"//[^/@]*@", "//", url).partition("?")[0]
