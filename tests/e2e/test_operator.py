"""What deploy/README.md tells an operator: its table, its drill, its units."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import operator_script
from harness import BUILD, PROGRAMS, ROOT, wait_until

PAGE = ROOT / "deploy" / "README.md"
UNITS = ROOT / "deploy" / "systemd"
VARIABLE = re.compile(r"^  (DONGKHOI_\w+)\n      (.+)\n      default: (.*)$", re.MULTILINE)
ROW = re.compile(r"^\| `(DONGKHOI_\w+)` \|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|$", re.MULTILINE)


def section(name):
    return re.search(f"<!-- {name} -->(.*?)<!-- /{name} -->", PAGE.read_text(), re.DOTALL).group(1)


def in_programs():
    """{variable: {program: (description, default)}}, from what the programs say of themselves."""
    found = {}
    for program in PROGRAMS:
        said = subprocess.run(
            [BUILD / "services" / program / f"dongkhoi-{program}", "--help"],
            capture_output=True, text=True, check=True,
        ).stdout
        variables = VARIABLE.findall(said)
        assert len(variables) == said.count("      default: ") > 5
        for name, description, default in variables:
            found.setdefault(name, {})[program] = (description, default)
    return found


def test_the_table_of_variables_is_that_of_the_programs():
    table = {}
    for name, programs, default, meaning in ROW.findall(section("table")):
        assert name not in table, name
        table[name] = (programs, default, meaning)
    known = in_programs()
    assert set(table) == set(known)
    for name, (programs, default, meaning) in table.items():
        users = set(known[name])
        said = {"all": set(PROGRAMS), "services": set(PROGRAMS) - {"gateway"}}.get(
            programs.strip(), set(re.findall(r"\w+", programs)))
        assert said == users, name
        defaults = {value for _, value in known[name].values()}
        assert defaults == {default.strip(" `") or "(empty)"}, (name, defaults)
        assert meaning.strip() in {text.replace("|", "\\|") for text, _ in known[name].values()}, (
            name, known[name])


def test_the_drill_works_as_it_is_written(fresh, tmp_path):
    """As it stands, but for where the programs and the state are, and who starts services."""
    fresh.client.ok("POST", "/v1/indicators", {
        "displayName": {"vi": "X"}, "unit": "MW", "kind": "FLOW", "direction": "HIGHER_IS_BETTER",
        "decimals": 0}, indicatorId="x")
    said = operator_script.run(fresh, tmp_path, operator_script.block(PAGE, "drill"), "indicators")
    assert said.count("OK ") == 6 and '"status":"ok"' in said, said
    assert len({line.split("hash=")[1].split()[0] for line in said.splitlines() if "hash=" in line}) == 1
    wait_until(lambda: fresh.client.get("/v1/indicators/x").status == 200, "it answers", 40)


@pytest.fixture(name="installed", scope="module")
def installed_fixture(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["bash", UNITS / "install.sh", "--build", BUILD, "--root", root], check=True)
    return root


def test_what_is_installed_is_whole_and_can_be_rolled_back(installed):
    current = installed / "opt/dongkhoi/current"
    first = os.readlink(current)
    for name in [f"dongkhoi-{program}" for program in PROGRAMS] + ["dongkhoi-backup"]:
        assert os.access(current / name, os.X_OK), name
    (installed / "etc/dongkhoi/dongkhoi.env").write_text("DONGKHOI_LOG=debug\n")
    time.sleep(1.1)
    subprocess.run(["bash", UNITS / "install.sh", "--build", BUILD, "--root", installed], check=True)
    assert os.readlink(current) != first and (installed / "opt/dongkhoi" / first).is_dir()
    # What an operator changed stays.
    assert (installed / "etc/dongkhoi/dongkhoi.env").read_text() == "DONGKHOI_LOG=debug\n"
    os.symlink(first, installed / "opt/dongkhoi/next")
    os.rename(installed / "opt/dongkhoi/next", current)
    assert os.readlink(current) == first


def test_wrong_arguments_install_nothing(tmp_path):
    for arguments in (["--nonsense"], ["--root"], ["--build", tmp_path, "--root", tmp_path / "x"]):
        done = subprocess.run(["bash", UNITS / "install.sh", *arguments], capture_output=True, check=False)
        assert done.returncode != 0 and not (tmp_path / "x").exists()


@pytest.fixture(name="units")
def units_fixture(installed, tmp_path):
    """The installed units, with the programs where they were installed."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for unit in (installed / "etc/systemd/system").iterdir():
        text = unit.read_text().replace("/opt/dongkhoi/current", str(installed / "opt/dongkhoi/current"))
        (tmp_path / unit.name).write_text(text)
        if unit.name == "dongkhoi@.service":
            (tmp_path / "dongkhoi@indicators.service").write_text(text)
    return tmp_path


def test_the_units_are_sound(units):
    names = sorted(unit.name for unit in units.iterdir() if unit.name != "dongkhoi@.service")
    assert len(names) == 5, names
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(f"./{name}" for name in names)],
                          cwd=units, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not re.search(r"dongkhoi", done.stderr), done.stderr


@pytest.mark.parametrize("unit", ["dongkhoi@indicators", "dongkhoi-gateway", "dongkhoi-backup"])
def test_the_units_are_hardened(units, unit):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20",
         f"./{unit}.service"], cwd=units, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr or "Unknown" in done.stderr:
        pytest.skip("this systemd-analyze is too old")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_in_the_target():
    text = (UNITS / "dongkhoi.target").read_text()
    wanted = re.search(r"^Wants=(.*)$", text, re.MULTILINE).group(1).split()
    assert sorted(wanted) == sorted(["dongkhoi-gateway.service"] + [
        f"dongkhoi@{program}.service" for program in PROGRAMS if program != "gateway"])


def test_the_nightly_backup_keeps_days_and_tells_of_failure(fresh, installed, tmp_path):
    script = installed / "opt/dongkhoi/current/dongkhoi-backup"
    directory = tmp_path / "backups"
    directory.mkdir()
    old = directory / "indicators-20200101T000000Z.db"
    mine = directory / "indicators-mine.db"
    for path in (old, mine):
        path.write_bytes(b"")
        os.utime(path, (0, 0))

    def run(**environment):
        return subprocess.run([script, directory], env={**fresh.environment, **environment},
                              capture_output=True, text=True, check=False)

    assert run(DONGKHOI_BACKUP_DAYS="x").returncode == 2 and old.exists()
    done = run()
    assert done.returncode == 0, done.stderr
    assert not old.exists() and mine.exists()
    assert done.stdout.count("OK ") == 4 and len(list(directory.iterdir())) == 5
    # Without a new one an old one stays.
    os.utime(next(directory.glob("clusters-2*")), (0, 0))
    (tmp_path / "empty").mkdir()
    time.sleep(1.1)
    done = run(DONGKHOI_STATE=str(tmp_path / "empty"))
    assert done.returncode == 1 and "clusters has no store" in done.stderr
    assert len(list(directory.glob("clusters-*"))) == 1


def system_calls(group):
    """Those of a group of systemd's, with the groups in it."""
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True,
                          text=True, check=True).stdout
    found = set()
    for line in map(str.strip, said.splitlines()[1:]):
        if line.startswith("@"):
            found |= system_calls(line)
        elif line and not line.startswith("#"):
            found.add(line)
    return found


@pytest.mark.skipif(shutil.which("strace") is None or shutil.which("systemd-analyze") is None,
                    reason="strace or systemd is not installed")
def test_the_units_allow_every_system_call_that_the_programs_make(tmp_path):
    from harness import Program, System

    class Traced(Program):
        def command(self):
            return ["strace", "-f", "-qq", "-o", tmp_path / f"{self.name}.calls", *super().command()]

        def stop(self):
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGTERM)
            return self.wait()

    system = System(tmp_path, ASAN_OPTIONS="detect_leaks=0")
    for name, program in system.programs.items():
        if name in ("gateway", "indicators"):
            program.__class__ = Traced
    system.start()
    try:
        system.client.ok("POST", "/v1/indicators", {
            "displayName": {"vi": "X"}, "unit": "MW", "kind": "FLOW",
            "direction": "HIGHER_IS_BETTER", "decimals": 0}, indicatorId="x")
        assert system.client.get("/v1/changes").status == 200
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", tmp_path / "backup.calls",
             BUILD / "services" / "indicators" / "dongkhoi-indicators", "backup", "--to",
             tmp_path / "a.db"], env=system.environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    finally:
        system.stop()
    # SQLite gives new files to the owner of the old ones, when it is root; in a unit it is not.
    allowed = (system_calls("@system-service") - system_calls("@privileged")) | {"fchown"}
    for name in ("gateway", "indicators", "backup"):
        text = (tmp_path / f"{name}.calls").read_text(errors="replace")
        made = set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
        assert len(made) > 20 and made <= allowed, (name, made - allowed)
