"""test_generated.py - code for Go and Python from the folder of protos that the build hands out."""

import os
import shutil
import subprocess
import sys

import pytest

from registries import ROOT, go
from test_buf import HANDOUT

GO_MODULE = ROOT / "tests" / "clients" / "go"

PYTHON = """
from dongkhoi.clusters.v1 import cluster_pb2, clusters_pb2
from google.api import annotations_pb2

cluster = cluster_pb2.Cluster(name="clusters/x", district="Giồng Trôm")
assert cluster_pb2.Cluster.FromString(cluster.SerializeToString()) == cluster
method = clusters_pb2.DESCRIPTOR.services_by_name["ClusterService"].methods_by_name["GetCluster"]
print(method.GetOptions().Extensions[annotations_pb2.http].get)
"""


def protoc(*arguments, below=("dongkhoi",)):
    files = sorted(str(path.relative_to(HANDOUT)) for folder in below
                   for path in (HANDOUT / folder).rglob("*.proto"))
    assert files
    subprocess.run(["protoc", "-I", HANDOUT, *arguments, *files], check=True, timeout=120)


def test_python_code_reads_and_writes_messages_and_routes(tmp_path):
    protoc(f"--python_out={tmp_path}", below=("dongkhoi", "google/api", "google/rpc"))
    done = subprocess.run([sys.executable, "-c", PYTHON], cwd=tmp_path, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, "/v1/{name=clusters/*}\n"), done.stderr


@pytest.fixture
def module(tmp_path):
    """A copy of the Go module that pins what generated code needs."""
    return shutil.copytree(GO_MODULE, tmp_path / "module")


def test_go_code_compiles(module, tmp_path):
    plugin = tmp_path / "protoc-gen-go"
    go(["build", "-o", str(plugin), "google.golang.org/protobuf/cmd/protoc-gen-go"], module)
    go(["mod", "download"], module)
    protoc(f"--plugin={plugin}", f"--go_out={module}", "--go_opt=module=dongkhoi")
    # Whatever fails from here on is the code's fault, not a registry's.
    go(["vet", "./..."], module)
