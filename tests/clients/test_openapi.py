"""test_openapi.py - the OpenAPI document under two linters, and a client that is generated from it.

The client (openapi/client.ts) reads, changes and writes a cluster: it is compiled against the types
that openapi-typescript makes of the document, and then run against the programs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from registries import ROOT, npm_package

sys.path.append(str(ROOT / "tests" / "e2e"))
from harness import System

# Redocly 2 needs a newer node than Debian 12 has.
REDOCLY = (
    "@redocly/cli", "1.34.20",
    "sha512-L9cR+3PM3dNSDZ8OD/OQvZQkVP6k3p9jWUiMoScLbccylaNY"
    "vHNmBXHBXFEDa4Vcy/iPqaRzMQp3dIfbE3rRAw==",
)
SPECTRAL = (
    "@stoplight/spectral-cli", "6.16.3",
    "sha512-corAOQ/WhGoPJOQ3Tcipyn64TgKYDkEhsDplS6vNSGys3kzi"
    "9+zzxiVOlbzk9mWuafovzoW+TpGCoNwIZvFf5w==",
)
OPENAPI_TYPESCRIPT = (
    "openapi-typescript", "7.13.0",
    "sha512-EFP392gcqXS7ntPvbhBzbF8TyBA+baIYEm791Hy5YkjDYKTn"
    "k/Tn5OQeKm5BIZvJihpp8Zzr4hzx0Irde1LNGQ==",
)
OPENAPI_FETCH = (
    "openapi-fetch", "0.17.0",
    "sha512-PsbZR1wAPcG91eEthKhN+Zn92FMHxv+/faECIwjXdxfTODGS"
    "GegYv0sc1Olz+HYPvKOuoXfp+0pA2XVt2cI0Ig==",
)
TYPESCRIPT = (
    "typescript", "5.9.3",
    "sha512-jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQ"
    "rC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==",
)

DOCUMENT = ROOT / "build" / "asan" / "proto" / "openapi" / "openapi.json"
HERE = Path(__file__).parent / "openapi"
RUN_SECONDS = 300


def run(*command, **more):
    return subprocess.run(
        [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=RUN_SECONDS, check=False, **more,
    )


def command_of(tool, name):
    return npm_package(*tool).parents[tool[0].count("/")] / ".bin" / name


@pytest.fixture(scope="session")
def redocly():
    return command_of(REDOCLY, "redocly")


@pytest.fixture(scope="session")
def spectral():
    return command_of(SPECTRAL, "spectral")


@pytest.fixture
def wrong(tmp_path):
    """The document with an example that does not fit its schema, and no title."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    paths = {path: document["paths"][path] for path in ("/v1/clusters",)}
    content = paths["/v1/clusters"]["post"]["requestBody"]["content"]["application/json"]
    content["example"] = {"displayName": 1}
    del document["info"]["title"]
    document["paths"] = paths
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def redocly_problems(redocly, file):
    done = run(
        redocly, "lint", file, "--config", HERE / "redocly.yaml", "--format=json",
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
    )
    assert done.stdout.strip(), done.stderr
    return json.loads(done.stdout)["problems"]


def spectral_problems(spectral, file):
    done = run(spectral, "lint", file, "--ruleset", HERE / "spectral.yaml", "--format=json",
               "--quiet")
    assert done.stdout.strip(), done.stderr
    return json.loads(done.stdout)


def test_redocly_finds_nothing(redocly):
    assert redocly_problems(redocly, DOCUMENT) == []


def test_redocly_sees_what_is_wrong(redocly, wrong):
    rules = {problem["ruleId"] for problem in redocly_problems(redocly, wrong)}
    assert {"struct", "no-invalid-media-type-examples"} <= rules, rules


def test_spectral_finds_nothing(spectral):
    assert spectral_problems(spectral, DOCUMENT) == []


def test_spectral_sees_what_is_wrong(spectral, wrong):
    rules = {problem["code"] for problem in spectral_problems(spectral, wrong)}
    assert {"oas3-schema", "oas3-valid-media-example"} <= rules, rules


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The folder with the client, compiled against the generated types."""
    folder = tmp_path_factory.mktemp("client")
    shutil.copy(HERE / "client.ts", folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "node_modules").symlink_to(npm_package(*OPENAPI_FETCH).parent)
    done = run(command_of(OPENAPI_TYPESCRIPT, "openapi-typescript"), DOCUMENT,
               "-o", folder / "schema.ts")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(command_of(TYPESCRIPT, "tsc"), "--strict", "--noEmitOnError", "--target", "es2022",
               "--module", "nodenext", "--lib", "es2022,dom,dom.iterable",
               folder / "client.ts", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_generated_client_reads_changes_and_writes(client):
    with tempfile.TemporaryDirectory() as directory:
        system = System(Path(directory)).start()
        try:
            system.load()
            address = f"http://127.0.0.1:{system.client.port}"
            done = run("node", client / "client.js", address, cwd=client)
        finally:
            system.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "clusters/phong-nam has revision" in done.stdout
