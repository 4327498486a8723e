"""test_registries.py - no answer skips a test; any answer that is not the tool fails it."""

import base64
import hashlib
import http.server
import io
import json
import socket
import tarfile
import threading

import pytest

from registries import RegistryError, Unreachable, debian_packages, npm, npm_package

NAME = "dongkhoi-sample"


def tarball():
    content = json.dumps({"name": NAME, "version": "1.0.0"}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


TARBALL = tarball()
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(TARBALL).digest()).decode()


class Registry(http.server.BaseHTTPRequestHandler):
    """Has one version of one package, and 404 for all else."""

    def do_GET(self):
        self.server.asked.append(self.path)
        tarball_path = f"/{NAME}/-/{NAME}-1.0.0.tgz"
        about = {
            "name": NAME, "version": "1.0.0",
            "dist": {"tarball": self.server.url + tarball_path, "integrity": INTEGRITY},
        }
        bodies = {
            f"/{NAME}": json.dumps({
                "name": NAME, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": about},
            }).encode(),
            tarball_path: TARBALL,
        }
        body = bodies.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def registry(monkeypatch, tmp_path):
    """A registry of our own, which npm takes for its own."""
    npm()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        server.asked = []
        monkeypatch.setenv("npm_config_registry", server.url)
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """An address where nobody answers, which npm takes for its registry's."""
    npm()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    monkeypatch.setenv("npm_config_registry", url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return url


def left_behind(tools):
    return [path for path in tools.rglob("*") if path.is_file() and path.name != ".lock"]


def test_a_package_is_fetched_once(registry, tmp_path):
    package = npm_package(NAME, "1.0.0", INTEGRITY, tmp_path / "tools")
    assert json.loads((package / "package.json").read_text())["name"] == NAME
    asked = len(registry.asked)
    assert asked > 0
    assert npm_package(NAME, "1.0.0", INTEGRITY, tmp_path / "tools") == package
    assert len(registry.asked) == asked


@pytest.mark.parametrize("name, version, integrity", [
    ("dongkhoi-other", "1.0.0", INTEGRITY),
    (NAME, "2.0.0", INTEGRITY),
    (NAME, "1.0.0", "sha512-another"),
])
def test_an_answer_that_is_not_the_package_is_a_failure(registry, tmp_path, name, version,
                                                        integrity):
    with pytest.raises(RegistryError):
        npm_package(name, version, integrity, tmp_path / "tools")
    assert registry.asked
    assert not left_behind(tmp_path / "tools")


def test_no_answer_of_npm_is_a_reason_to_skip(nobody, tmp_path):
    with pytest.raises(Unreachable, match="cannot be reached"):
        npm_package(NAME, "1.0.0", INTEGRITY, tmp_path / "tools")
    assert not left_behind(tmp_path / "tools")


def test_an_answer_of_debian_that_is_not_the_release_is_a_failure(registry, tmp_path):
    with pytest.raises(RegistryError):
        debian_packages("trixie", ("libc6",), registry.url, tmp_path / "tools")
    assert registry.asked
    assert not left_behind(tmp_path / "tools")


def test_no_answer_of_debian_is_a_reason_to_skip(nobody, tmp_path):
    with pytest.raises(Unreachable, match="cannot be reached"):
        debian_packages("trixie", ("libc6",), nobody, tmp_path / "tools")
    assert not left_behind(tmp_path / "tools")
