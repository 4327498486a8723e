"""operator_script.py - commands of the documentation, run as they are written."""

import os
import re
import subprocess
import time

from harness import BUILD, PROGRAMS


def block(page, name):
    """The commands between <!-- name --> and <!-- /name -->, for this machine."""
    section = re.search(
        f"<!-- {name} -->(.*?)<!-- /{name} -->", page.read_text(encoding="utf-8"), re.DOTALL
    ).group(1)
    text = re.search(r"```sh\n(.*?)```", section, re.DOTALL).group(1)
    return text.replace("STATE=/var/lib/dongkhoi\n", "").replace(
        "BIN=/opt/dongkhoi/current\n", "").replace("runuser -u dongkhoi -- env", "env")


def run(system, directory, text, service):
    """What they say; where the programs and the state are, and who starts the service, is ours."""
    programs, orders, done = directory / "bin", directory / "orders", directory / "done"
    programs.mkdir()
    for program in PROGRAMS:
        os.symlink(BUILD / "services" / program / f"dongkhoi-{program}",
                   programs / f"dongkhoi-{program}")
    os.mkfifo(orders)
    os.mkfifo(done)
    script = directory / "operator.sh"
    script.write_text(
        f'set -euo pipefail\nSTATE={system.state}\nBIN={programs}\n'
        f'systemctl() {{ echo "$*" >{orders}; read -r <{done}; }}\n'
        + text.replace("127.0.0.1:8080", f"127.0.0.1:{system.port}"))
    process = subprocess.Popen(["bash", script], env={**system.environment, "HOME": str(directory)},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for order, act in (("stop", system[service].stop), ("start", system[service].start)):
            assert read_order(orders, process) == f"{order} dongkhoi@{service}"
            act()
            done.write_text("done\n")
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    return said


def read_order(orders, process):
    descriptor = os.open(orders, os.O_RDONLY | os.O_NONBLOCK)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                line = os.read(descriptor, 1000)
            except BlockingIOError:
                line = b""
            if line:
                return line.decode().strip()
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.02)
    finally:
        os.close(descriptor)
    raise AssertionError("no order came")
