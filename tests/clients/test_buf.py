"""test_buf.py - the protos under buf's linter, with the rules of proto/buf.yaml."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from registries import ROOT, npm_package

VERSION = "1.75.0"
INTEGRITY = (
    "sha512-uMuBCULLDax9/3d5Lo9mea38vuPDv4mrRVE4XfS"
    "q3qPcD5UUxlg0RJ9hm84lYCzI3A3lIvLeChxrw9c1RUiD2w=="
)
GOOGLEAPIS = Path("/usr/share/gocode/src/github.com/gogo/googleapis")
GOOGLE_JAR = Path("/usr/share/java/proto-google-common-protos.jar")


@pytest.fixture(scope="session")
def buf():
    package = npm_package("@bufbuild/buf", VERSION, INTEGRITY)
    return package.parents[1] / ".bin" / "buf"


@pytest.fixture
def protos(tmp_path):
    """A folder with our protos and those that they import."""
    shutil.copytree(ROOT / "proto" / "dongkhoi", tmp_path / "dongkhoi")
    shutil.copy(ROOT / "proto" / "buf.yaml", tmp_path)
    for name in ("api/annotations.proto", "api/http.proto"):
        (tmp_path / "google" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(GOOGLEAPIS / "google" / name, tmp_path / "google" / name)
    shutil.copytree(GOOGLEAPIS / "google" / "rpc", tmp_path / "google" / "rpc")
    with zipfile.ZipFile(GOOGLE_JAR) as jar:
        for name in ("google/api/field_behavior.proto", "google/api/resource.proto"):
            jar.extract(name, tmp_path)
    return tmp_path


def lint(buf, folder):
    return subprocess.run([buf, "lint"], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


def test_protos_pass_buf_lint(buf, protos):
    done = lint(buf, protos)
    assert done.returncode == 0, done.stdout


def test_buf_lint_sees_a_name_that_breaks_the_rules(buf, protos):
    clusters = protos / "dongkhoi" / "clusters" / "v1" / "clusters.proto"
    clusters.write_text(clusters.read_text() + "\nmessage Wrong { string badName = 1; }\n")
    done = lint(buf, protos)
    assert done.returncode != 0 and "badName" in done.stdout, done.stdout
