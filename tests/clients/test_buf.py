"""test_buf.py - the folder of protos that the build hands out, under buf."""

import re
import shutil
import subprocess

import pytest

from registries import ROOT, npm_package

VERSION = "1.75.0"
INTEGRITY = (
    "sha512-uMuBCULLDax9/3d5Lo9mea38vuPDv4mrRVE4XfS"
    "q3qPcD5UUxlg0RJ9hm84lYCzI3A3lIvLeChxrw9c1RUiD2w=="
)
HANDOUT = ROOT / "build" / "asan" / "proto" / "dongkhoi-protos"
RELEASED = ROOT / "tests" / "clients" / "released.binpb"


@pytest.fixture(scope="session")
def buf():
    package = npm_package("@bufbuild/buf", VERSION, INTEGRITY)
    return package.parents[1] / ".bin" / "buf"


@pytest.fixture
def protos(tmp_path):
    """A copy of the archive's content, which a test may change."""
    shutil.unpack_archive(HANDOUT.with_suffix(".tar.gz"), tmp_path)
    return tmp_path / HANDOUT.name


def run(buf, folder, *arguments):
    return subprocess.run([buf, *arguments], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def cluster(protos):
    return protos / "dongkhoi" / "clusters" / "v1" / "cluster.proto"


def test_protos_pass_buf_lint(buf, protos):
    done = run(buf, protos, "lint")
    assert done.returncode == 0, done.stdout


def test_buf_lint_sees_a_name_that_breaks_the_rules(buf, protos):
    edit(cluster(protos), "message Waiver {", "message Wrong { string badName = 1; }\nmessage Waiver {")
    done = run(buf, protos, "lint")
    assert done.returncode != 0 and "badName" in done.stdout, done.stdout


def test_protos_build_with_buf(buf, protos, tmp_path):
    done = run(buf, protos, "build", "-o", str(tmp_path / "image.binpb"))
    assert done.returncode == 0, done.stdout
    assert b"dongkhoi.clusters.v1" in (tmp_path / "image.binpb").read_bytes()


def test_nothing_breaks_the_clients_of_the_last_release(buf, protos):
    done = run(buf, protos, "breaking", "--against", str(RELEASED))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("new", ["string tag = 6;", "string etag = 60;", "int32 etag = 6;"])
def test_what_breaks_clients_is_seen(buf, protos, new):
    edit(cluster(protos), "string etag = 6;", new)
    done = run(buf, protos, "breaking", "--against", str(RELEASED))
    assert done.returncode != 0 and "etag" in done.stdout, done.stdout


def test_the_base_is_renewed_as_the_page_says(buf, protos, tmp_path):
    page = (ROOT / "tests" / "clients" / "README.md").read_text()
    command = re.search(r"^    (protoc -I build/asan/proto/.*)$", page, re.MULTILINE).group(1)
    renewed = tmp_path / "released.binpb"
    assert command.count("tests/clients/released.binpb") == 1
    subprocess.run(command.replace("tests/clients/released.binpb", str(renewed)), shell=True,
                   cwd=ROOT, check=True)
    assert renewed.stat().st_size < 300_000
    done = run(buf, protos, "breaking", "--against", str(renewed))
    assert done.returncode == 0, done.stdout
