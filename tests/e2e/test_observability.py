"""deploy/observability: what Prometheus and Grafana are given, against what the programs say."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

import make
import metrics
from harness import ROOT, SERVICES, free_ports, wait_until

FOLDER = ROOT / "deploy" / "observability"
RUNBOOK = ROOT / "deploy" / "runbook.md"
METRICS = FOLDER / "metrics.md"
DASHBOARD = FOLDER / "grafana" / "dashboards" / "dongkhoi.json"
NAME = re.compile(r"\b(?:dongkhoi|process)_[a-z0-9_]+|\bup\b")


def alerts():
    """{alert: its text in the file}"""
    text = (FOLDER / "alerts.yaml").read_text(encoding="utf-8")
    parts = re.split(r"^      - alert: (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def expression(rule):
    """The expr of an alert's text."""
    return re.search(r"\n {8}expr: (.*?)\n {8}(?:for|labels):", rule, re.DOTALL).group(1).removeprefix("|")


def queries():
    """Every query of the dashboard, with its variable filled in."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"].replace("$__rate_interval", "5m")


def test_promtool_takes_configuration_and_rules():
    for arguments in (("config", FOLDER / "prometheus.yaml"), ("rules", FOLDER / "alerts.yaml")):
        code, said = metrics.promtool("check", *arguments)
        assert code == 0 and "SUCCESS" in said, said


def test_each_alert_fires_when_it_should_and_else_not():
    code, said = metrics.promtool("test", "rules", FOLDER / "alerts_test.yaml")
    assert code == 0 and "FAILED" not in said, said
    text = (FOLDER / "alerts_test.yaml").read_text(encoding="utf-8")
    for alert in alerts():
        assert re.search(rf"alertname: {alert}, exp_alerts: \[\]", text), f"{alert} is never silent"
        assert re.search(rf"alertname: {alert}\n +exp_alerts:\n +- exp_labels", text), f"{alert} never fires"


def test_a_rule_that_is_wrong_is_noticed(tmp_path):
    """Each alert's comparison turned around makes the tests of the rules fail."""
    rules = (FOLDER / "alerts.yaml").read_text(encoding="utf-8")
    tests = (FOLDER / "alerts_test.yaml").read_text(encoding="utf-8")
    (tmp_path / "alerts_test.yaml").write_text(tests, encoding="utf-8")
    for alert, rule in alerts().items():
        compared = expression(rule)
        turned = re.sub(r" (==|>=|>|<) ", lambda m: {"==": " != ", ">=": " < ", ">": " < ", "<": " > "}[m[1]], compared)
        assert turned != compared, alert
        changed = rules.replace(compared, turned, 1)
        (tmp_path / "alerts.yaml").write_text(changed, encoding="utf-8")
        code, said = metrics.promtool("test", "rules", tmp_path / "alerts_test.yaml")
        assert code != 0 and alert in said, (alert, said)


def test_every_alert_has_its_paragraph_in_the_runbook():
    parts = re.split(r"^## (\w+)$", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    paragraphs = dict(zip(parts[1::2], parts[2::2]))
    assert list(paragraphs) and set(paragraphs) == set(alerts())
    for alert, paragraph in paragraphs.items():
        assert len(paragraph.split()) > 40, alert
        rule = alerts()[alert]
        assert f"runbook: deploy/runbook.md#{alert.lower()}\n" in rule
        assert re.search(r"severity: (critical|warning)\}", rule), alert


@pytest.fixture(scope="module")
def said(loaded):
    """The names of all samples of all programs, and up, which is Prometheus' own."""
    make.indicator(loaded.client, "observed")
    loaded.client.get("/v1/indicators/observed")
    names = {"up"}
    for program in metrics.PROGRAMS:
        names |= metrics.read(loaded.client, program).names()
    return names


@pytest.mark.parametrize("source", ["alerts", "dashboard", "runbook", "metrics.md"])
def test_every_metric_that_is_named_is_there(said, source):
    text = {
        "alerts": lambda: "\n".join(expression(rule) for rule in alerts().values()),
        "dashboard": lambda: "\n".join(queries()),
        "runbook": lambda: RUNBOOK.read_text(encoding="utf-8"),
        "metrics.md": lambda: METRICS.read_text(encoding="utf-8"),
    }[source]()
    prose = source not in ("alerts", "dashboard")
    found = {name for name in NAME.findall(text) if not (prose and name == "up")}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in said}
    assert len(found) > 8
    missing = {name for name in found if name not in said and not (prose and name in families)}
    assert not missing


def test_every_metric_is_explained(said):
    text = METRICS.read_text(encoding="utf-8")
    missing = set()
    for name in said - {"up"}:
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        limit = family.removesuffix("_limit")
        base = limit if family.endswith("_limit") else family
        stems = {family, base, f"{base}_length"}
        if not any(stem in text for stem in stems):
            missing.add(name)
    assert not missing


def test_the_dashboard_is_well_formed():
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    source = (FOLDER / "grafana" / "provisioning" / "datasources" / "prometheus.yaml").read_text()
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identifiers)) == len(identifiers) > 20
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert f"uid: {panel['datasource']['uid']}\n" in source
            assert panel["targets"] and panel["fieldConfig"]["defaults"]["unit"]


def compose_config(tmp_path, *options):
    """The services of deploy/compose.yaml as docker-compose reads it."""
    if shutil.which("docker-compose") is None:
        pytest.skip("there is no docker-compose")
    done = subprocess.run(
        ["docker-compose", "-f", str(ROOT / "deploy" / "compose.yaml"), *options,
         "config", "--services"],
        capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_profile_adds_prometheus_and_grafana(tmp_path):
    profile = compose_config(tmp_path, "--profile", "observability")
    assert profile >= {"prometheus", "grafana", "gateway", *SERVICES}
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^  (\w+):\n    image: .*\n    profiles: \[observability\]$", text, re.MULTILINE) == [
        "prometheus", "grafana"
    ]


def test_what_the_compose_file_mounts_is_there():
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    mounts = dict(re.findall(r"- \./(observability/\S+?):(/\S+?):ro$", text, re.MULTILINE))
    assert len(mounts) == 4
    for path in mounts:
        assert (ROOT / "deploy" / path).exists(), path
    where = mounts["observability/prometheus.yaml"]
    assert f"--config.file={where}\n" in text
    # rule_files are looked for beside the configuration.
    assert mounts["observability/alerts.yaml"] == str(Path(where).parent / "alerts.yaml")
    provider = (FOLDER / "grafana/provisioning/dashboards/dongkhoi.yaml").read_text()
    assert f"path: {mounts['observability/grafana/dashboards']}\n" in provider
    source = (FOLDER / "grafana/provisioning/datasources/prometheus.yaml").read_text()
    assert "url: http://prometheus:9090\n" in source
    assert re.search(r"DONGKHOI_LISTEN: 0\.0\.0\.0:8080$", text, re.MULTILINE)
    assert "replacement: gateway:8080\n" in (FOLDER / "prometheus.yaml").read_text()


class Prometheus:
    """Debian's Prometheus over the repository's configuration, on a port of its own."""

    def __init__(self, directory, gateway_port):
        config = (FOLDER / "prometheus.yaml").read_text(encoding="utf-8")
        assert config.count("gateway:8080") == 1 and config.count("15s") == 2
        config = config.replace("gateway:8080", f"127.0.0.1:{gateway_port}").replace("15s", "1s")
        (directory / "prometheus.yaml").write_text(config, encoding="utf-8")
        (directory / "alerts.yaml").write_bytes((FOLDER / "alerts.yaml").read_bytes())
        self.port = free_ports(1)[0]
        self.log = open(directory / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "prometheus",
             f"--config.file={directory / 'prometheus.yaml'}",
             f"--storage.tsdb.path={directory / 'prometheus'}",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log, stderr=self.log, cwd=directory,
        )

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with contextlib.suppress(OSError, urllib.error.URLError):
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        return None

    def query(self, text):
        data = self.get("query", query=text)
        return None if data is None else data["result"]

    def up(self):
        return {s["metric"]["instance"]: s["value"][1] for s in self.query("up") or []}


def test_prometheus_sees_all_programs_and_judges_the_rules(fresh):
    client = fresh.client
    fresh.load()
    for _ in range(3):
        client.get("/v1/indicators")
    prometheus = Prometheus(fresh.directory, fresh.port)
    try:
        wait_until(
            lambda: prometheus.up() == {name: "1" for name in metrics.PROGRAMS},
            "all five are scraped", 30,
        )

        def answers(query):
            """A rate needs two samples, and requests between them."""
            client.get("/v1/indicators", {"Cache-Control": "no-cache"})
            return prometheus.query(query)

        for query in queries():
            wait_until(lambda query=query: answers(query), query, 30)

        def judged():
            data = prometheus.get("rules")
            rules = [rule for group in data["groups"] for rule in group["rules"]] if data else []
            return rules if rules and all(r["health"] != "unknown" for r in rules) else None

        rules = wait_until(judged, "the rules were judged", 30)
        assert {rule["name"] for rule in rules} == set(alerts())
        assert {rule["health"] for rule in rules} == {"ok"}, rules
        # The disk of the machine that tests run on is its own affair.
        loud = [r["name"] for r in rules if r["state"] != "inactive" and "Disk" not in r["name"]]
        assert loud == []
        fresh["clusters"].kill()
        wait_until(lambda: prometheus.up().get("clusters") == "0", "the service is seen down", 30)

        def pending():
            rules = judged() or []
            return [r["name"] for r in rules if r["state"] == "pending" and "Disk" not in r["name"]]

        wait_until(
            lambda: {"DongkhoiServiceDown", "DongkhoiPeerUnreachable"} <= set(pending()),
            "the alerts begin", 30,
        )
        assert "DongkhoiGatewayDown" not in pending()
    finally:
        prometheus.close()
