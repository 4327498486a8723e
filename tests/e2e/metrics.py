"""metrics.py - what the programs say at /metrics, read and compared."""

import re
import subprocess

LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
TYPE = "text/plain; version=0.0.4; charset=utf-8"
PROGRAMS = ("gateway", "registrations", "indicators", "clusters", "nighteconomy")


class Metrics:
    """The samples of one answer."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        self.types = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, name
                self.types[name] = kind
            if not line.startswith("#"):
                name, labels, value = LINE.fullmatch(line).groups()
                pairs = frozenset(LABEL.findall(labels or ""))
                assert (name, pairs) not in self.samples, line
                self.samples[name, pairs] = float(value)

    def __call__(self, name, **labels):
        """The sum of all samples of the name that have these labels; there must be one."""
        wanted = set(labels.items())
        found = [v for (n, pairs), v in self.samples.items() if n == name and wanted <= pairs]
        assert found, (name, labels)
        return sum(found)

    def names(self):
        return {name for name, _ in self.samples}


def read(client, of=None):
    answer = client.get("/metrics", **({"of": of} if of else {}))
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == TYPE
    return Metrics(answer.body.decode())


def promtool(*arguments, text=None):
    done = subprocess.run(
        ["promtool", *map(str, arguments)],
        input=text, capture_output=True, text=True, check=False, timeout=60,
    )
    return done.returncode, done.stdout + done.stderr
