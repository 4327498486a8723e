"""What a page of another site can do with a reader's browser: nothing. It cannot write, and it cannot
read by a name of its own that leads here."""

import http.client
import http.server
import json
import re
import threading

import pytest

import browser
from harness import ROOT, System, free_ports
from make import unique

NAMES = "gateway,dongkhoi.example.vn"
MOVEMENT = {"displayName": {"vi": "Phong trào"}, "year": 2097}


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A system that has names, and its metrics at an address of their own."""
    metrics = free_ports(1)[0]
    system = System(tmp_path_factory.mktemp("named"), DONGKHOI_HOSTS=NAMES,
                    DONGKHOI_METRICS_LISTEN=f"127.0.0.1:{metrics}").start()
    system.metrics_port = metrics
    yield system
    system.stop()


def ask(port, method, path, headers, body=None):
    """(status, headers, JSON): exactly these headers, and a length where there is a body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    found = {name.lower(): value for name, value in answer.getheaders()}
    is_json = found.get("content-type", "").startswith("application/json")
    return answer.status, found, json.loads(text) if text and is_json else None


def reason(answer):
    return answer["error"]["details"][0]["reason"]


def create(port, body=None, headers=(), host=None):
    host = host or f"127.0.0.1:{port}"
    body = json.dumps(MOVEMENT).encode() if body is None else body
    path = f"/v1/movements?movementId={unique('cross')}"
    return ask(port, "POST", path, [("Host", host), *headers], body)


JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize("headers", [
    [], [("Content-Type", "text/plain")], [("Content-Type", "application/x-www-form-urlencoded")],
    [("Content-Type", "multipart/form-data; boundary=x")], [("Content-Type", "")],
    [("Content-Type", "text/json")], [("Content-Type", "application/json-patch+json")],
])
def test_a_body_is_read_only_as_the_type_that_it_says(named, headers):
    with named.unchanged():
        status, found, answer = create(named.port, headers=headers)
    assert status == 415 and reason(answer) == "UNSUPPORTED_MEDIA_TYPE"
    assert found["accept"] == "application/json"
    assert answer["error"]["details"][0]["metadata"] == {"possibleTypes": "application/json"}
    assert "Content-Type: application/json" in answer["error"]["message"]


def test_a_type_that_is_given_twice_is_refused(named):
    with named.unchanged():
        status, _, answer = create(named.port, headers=[JSON, ("Content-Type", "text/plain")])
    assert status == 400 and reason(answer) == "INVALID_HEADER"


CROSS_SITE = {
    "cross-site": [("Sec-Fetch-Site", "cross-site")],
    "same-site": [("Sec-Fetch-Site", "same-site")],
    "cross-site at our Origin": [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://{host}")],
    "another Origin": [("Origin", "http://evil.example")],
    "another port": [("Origin", "http://127.0.0.1:1")],
    "no Origin to speak of": [("Origin", "null")],
    "an unknown site": [("Sec-Fetch-Site", "unheard-of"), ("Origin", "https://evil.example")],
    "two Origins": [("Origin", "http://{host}"), ("Origin", "http://evil.example")],
}
OWN_SITE = {
    "a program": [],
    "own origin": [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://{host}")],
    "by hand": [("Sec-Fetch-Site", "none")],
    "own Origin": [("Origin", "http://{host}")],
    "behind TLS": [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://dongkhoi.example.vn")],
}


def filled(headers, host):
    return [(name, value.format(host=host)) for name, value in headers]


@pytest.mark.parametrize("case", CROSS_SITE)
def test_no_write_comes_from_another_site(named, case):
    host = f"127.0.0.1:{named.port}"
    headers = filled(CROSS_SITE[case], host)
    id = unique("kept")
    named.client.ok("POST", "/v1/movements", MOVEMENT, movementId=id)
    # With a body of JSON too: no page of another site is allowed any, so there is no preflight that
    # would have said yes.
    attempts = [
        ("POST", f"/v1/movements?movementId={unique('cross')}", json.dumps(MOVEMENT).encode()),
        ("POST", f"/v1/movements/{id}:launch", None),
        ("POST", f"/v1/movements/{id}:launch", b""),
        ("PATCH", f"/v1/movements/{id}", b'{"year": 2096}'),
        ("DELETE", f"/v1/movements/{id}", None),
        ("POST", "/healthz", None),
        ("POST", "/nowhere", None),
    ]
    with named.unchanged():
        for method, path, body in attempts:
            types = [JSON] if body else []
            status, found, answer = ask(named.port, method, path, [("Host", host), *headers, *types],
                                        body)
            assert status == 403 and reason(answer) == "CROSS_SITE_WRITE", (method, path, answer)
            assert answer["error"]["status"] == "PERMISSION_DENIED"
            assert "access-control-allow-origin" not in found
        # Reading is no harm: the page does not get to see it.
        assert ask(named.port, "GET", f"/v1/movements/{id}", [("Host", host), *headers])[0] == 200
        status, found, _ = ask(named.port, "OPTIONS", f"/v1/movements/{id}", [
            ("Host", host), *headers, ("Access-Control-Request-Method", "PATCH")])
        assert not [name for name in found if name.startswith("access-control-")]
    vietnamese = ask(named.port, "DELETE", f"/v1/movements/{id}",
                     [("Host", host), *headers, ("Accept-Language", "vi")])[2]
    assert "trang web khác" in vietnamese["error"]["details"][-1]["message"]


@pytest.mark.parametrize("case", OWN_SITE)
def test_programs_and_the_own_site_write(named, case):
    host = f"127.0.0.1:{named.port}"
    id = unique("own")
    headers = [("Host", host), *filled(OWN_SITE[case], host)]
    body = json.dumps(MOVEMENT).encode()
    assert ask(named.port, "POST", f"/v1/movements?movementId={id}", [*headers, JSON], body)[0] == 200
    # Nothing of the request is in a body: what a page could send without asking.
    path = f"/v1/movements/{id}:launch"
    assert ask(named.port, "POST", path, headers)[0] == 200


SERVED = ["127.0.0.1", "127.0.0.1:{port}", "10.0.0.7:1234", "[::1]", "[::1]:{port}", "localhost",
          "LOCALHOST:{port}", "localhost.", "gateway", "Gateway:8080", "dongkhoi.example.vn",
          "DONGKHOI.example.vn.:443"]
NOT_SERVED = ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "127.1", "2130706433",
              "0x7f000001", "gateway.evil.example", "example.vn", "x.localhost", "indicators",
              "xn--ng-lua.vn"]
LOCAL = ["/", "/healthz", "/readyz", "/openapi.json", "/v1/movements", "/v1/changes", "/nowhere"]


@pytest.mark.parametrize("host", SERVED)
def test_addresses_localhost_and_the_own_names_are_answered(named, host):
    host = host.format(port=named.port)
    assert ask(named.port, "GET", "/v1/movements", [("Host", host)])[0] == 200
    assert ask(named.metrics_port, "GET", "/metrics", [("Host", host)])[0] == 200


@pytest.mark.parametrize("host", NOT_SERVED)
def test_another_name_is_misdirected(named, host):
    host = host.format(port=named.port)
    with named.unchanged():
        for path in LOCAL:
            status, _, answer = ask(named.port, "GET", path, [("Host", host)])
            assert status == 421 and reason(answer) == "UNKNOWN_HOST", (path, answer)
            assert answer["error"]["details"][0]["metadata"] == {"host": host}
            assert "DONGKHOI_HOSTS" in answer["error"]["message"]
        for path in ("/metrics", "/healthz", "/readyz"):
            assert ask(named.metrics_port, "GET", path, [("Host", host)])[0] == 421
        # A page that came by that name is of the same origin as the gateway, for its browser.
        same = [("Sec-Fetch-Site", "same-origin"), ("Origin", f"http://{host}"), JSON]
        assert create(named.port, headers=same, host=host)[0] == 421


def test_without_names_there_is_none_but_localhost(system):
    assert ask(system.port, "GET", "/v1/movements", [("Host", "gateway")])[0] == 421
    assert ask(system.port, "GET", "/v1/movements", [("Host", "localhost")])[0] == 200


def status_line(system, data):
    received, _ = system.client.raw(data + b"Connection: close\r\n\r\n")
    return received.split(b"\r\n")[0]


def test_a_target_that_names_a_host_is_for_that_host(named):
    def status(target, host):
        line = status_line(named, b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n")
        return int(line.split(b" ")[1])

    assert status(b"http://gateway/v1/movements", b"gateway") == 200
    assert status(b"http://GATEWAY:80/v1/movements", b"gateway") == 200
    assert status(b"http://evil.example/v1/movements", b"evil.example") == 421
    for target, host in ((b"evil.example", b"gateway"), (b"gateway", b"evil.example"),
                         (b"gateway", b"localhost"), (b"gateway:8080", b"gateway")):
        assert status(b"http://" + target + b"/v1/movements", host) == 421, (target, host)
    received, _ = named.client.raw(b"GET http://gateway/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"HTTP/1.1 421 Misdirected Request\r\n" in received
    assert b'"CONTRADICTING_HOSTS"' in received


def test_http_1_0_needs_no_host_but_a_good_one(named):
    probe = b"GET /healthz HTTP/1.0\r\n"
    assert b" 200 " in status_line(named, probe)
    assert b" 200 " in status_line(named, probe + b"Host: gateway\r\n")
    assert b" 421 " in status_line(named, probe + b"Host: evil.example\r\n")
    write = b"DELETE /v1/movements/x HTTP/1.0\r\n"
    assert b" 404 " in status_line(named, write)
    assert b" 403 " in status_line(named, write + b"Origin: http://127.0.0.1\r\n")


def test_who_may_keep_an_answer_and_that_its_type_is_to_be_believed(named):
    id = unique("kept")
    named.client.ok("POST", "/v1/movements", MOVEMENT, movementId=id)
    tag = named.client.get(f"/v1/movements/{id}").headers["etag"]
    document = named.client.get("/openapi.json").headers["etag"]
    page = named.client.get("/").headers["etag"]
    cases = [
        ("GET", f"/v1/movements/{id}", {}, 200, "no-cache"),
        # From memory, the second time.
        ("GET", f"/v1/movements/{id}", {}, 200, "no-cache"),
        ("HEAD", f"/v1/movements/{id}", {}, 200, "no-cache"),
        ("GET", f"/v1/movements/{id}", {"If-None-Match": tag}, 304, "no-cache"),
        ("GET", "/v1/movements", {"Accept": "text/csv"}, 200, "no-cache"),
        ("GET", "/v1/changes", {}, 200, "no-cache"),
        ("GET", "/", {}, 200, "no-cache"),
        ("GET", "/", {"If-None-Match": page}, 304, "no-cache"),
        ("GET", "/?movement=none", {}, 404, "no-store"),
        ("GET", "/openapi.json", {}, 200, "no-cache"),
        ("GET", "/openapi.json", {"If-None-Match": document}, 304, "no-cache"),
        ("GET", "/healthz", {}, 200, "no-store"),
        ("GET", "/readyz", {}, 200, "no-store"),
        ("GET", "/v1/movements/none", {}, 404, "no-store"),
        ("GET", "/nowhere", {}, 404, "no-store"),
        ("PUT", "/v1/movements", {}, 405, "no-store"),
        ("GET", "/v1/movements", {"Accept": "image/png"}, 406, "no-store"),
        ("DELETE", f"/v1/movements/{id}?validateOnly=true", {}, 200, "no-store"),
        ("GET", "/", {"Host": "evil.example"}, 421, "no-store"),
        ("GET", "/", {"Expect": "all"}, 417, "no-store"),
    ]
    for method, path, headers, status, policy in cases:
        answer = named.client.request(method, path, headers=headers)
        assert answer.status == status, (method, path, headers, answer.status)
        assert answer.headers["cache-control"] == policy, (method, path, headers)
        assert answer.headers["x-content-type-options"] == "nosniff", (method, path, headers)
    with_metrics = ask(named.metrics_port, "GET", "/metrics", [("Host", "gateway:9100")])
    assert with_metrics[0] == 200 and with_metrics[1]["cache-control"] == "no-store"
    # Each once, however the answer is made.
    received, _ = named.client.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    head = received.partition(b"\r\n\r\n")[0].lower()
    assert head.count(b"cache-control:") == head.count(b"x-content-type-options:") == 1


PAGE = """<!doctype html><body><form method=post enctype=text/plain target=sink
 action="GATEWAY/v1/movements?movementId=by-form"><input
 name='{"displayName": {"vi": "x' value='"}, "year": 2097}'></form>
<form method=post target=sink action="GATEWAY/v1/movements/kept:launch"></form>
<iframe name=sink></iframe><script>
const told = [];
async function attempt(name, path, options) {
  try {
    const answer = await fetch('GATEWAY' + path, options);
    told.push(name + '=' + answer.type + ',' + answer.status);
  } catch (error) {
    told.push(name + '=refused');
  }
}
const body = JSON.stringify({displayName: {vi: 'x'}, year: 2097});
const json = {'Content-Type': 'application/json'};
(async () => {
  await attempt('plain', '/v1/movements?movementId=by-plain', {method: 'POST', mode: 'no-cors', body});
  await attempt('bodyless', '/v1/movements/kept:launch', {method: 'POST', mode: 'no-cors'});
  await attempt('blob', '/v1/movements?movementId=by-blob',
    {method: 'POST', mode: 'no-cors', body: new Blob([body])});
  await attempt('json', '/v1/movements?movementId=by-json', {method: 'POST', headers: json, body});
  await attempt('delete', '/v1/movements/kept', {method: 'DELETE'});
  await attempt('read', '/v1/movements', {});
  navigator.sendBeacon('GATEWAY/v1/movements?movementId=by-beacon', new Blob([body]));
  for (const form of document.forms) form.submit();
  const told_all = document.createElement('p');
  told_all.textContent = 'told: ' + told.join(' ') + '.';
  document.body.append(told_all);
})();
</script>"""


class Other:
    """A site on a port of its own, which hands what begins with /v1 to the gateway as a proxy does."""

    def __init__(self, gateway_port):
        other = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200, "text/html", other.page.encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = [(name, value) for name, value in self.headers.items()
                           if name.lower() != "content-length"]
                status, _, answer = ask(gateway_port, self.command, self.path, headers, body or None)
                other.asked.append((status, dict(self.headers)))
                self.answer(status, "application/json", json.dumps(answer).encode())

            do_DELETE = do_POST

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.page = ""
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def other(fresh):
    site = Other(fresh.port)
    fresh.client.ok("POST", "/v1/movements", MOVEMENT, movementId="kept")
    yield site
    site.close()


def visit(url):
    """What the attempts of the page came to."""
    dom, _ = browser.dom(url, "--virtual-time-budget=20000", "--host-resolver-rules=MAP *.test 127.0.0.1")
    found = re.search(r"<p>told: (.*?)\.</p>", dom)
    assert found, dom
    return dict(part.split("=") for part in found.group(1).split(" "))


@pytest.mark.parametrize("site", ["127.0.0.1", "localhost", "evil.test"])
def test_a_browser_cannot_be_made_to_write_by_another_site(fresh, other, site):
    other.page = PAGE.replace("GATEWAY", f"http://127.0.0.1:{fresh.port}")
    with fresh.unchanged():
        told = visit(f"http://{site}:{other.port}/")
    # What a page may send without asking was sent, and nobody but us refused it.
    assert told["plain"] == told["bodyless"] == told["blob"] == "opaque,0"
    assert told["json"] == told["delete"] == told["read"] == "refused"
    paths = [(json.loads(line)["path"], json.loads(line)["reason"])
             for line in fresh["gateway"].said().splitlines()
             if '"method":"POST"' in line and '"status":403' in line]
    # Each of fetch, beacon and form reached the gateway.
    assert {path for path, why in paths if why == "CROSS_SITE_WRITE"} >= {
        "/v1/movements", "/v1/movements/kept:launch"}
    assert len(paths) >= 5


def test_a_page_of_the_own_site_writes(fresh, other):
    other.page = PAGE.replace("GATEWAY", "")
    told = visit(f"http://127.0.0.1:{other.port}/")
    assert told["json"] == "basic,200" and told["plain"] == "basic,415"
    assert told["bodyless"] == "basic,200"
    assert fresh.client.get("/v1/movements/by-json").status == 200
    assert fresh.client.ok("GET", "/v1/movements/kept")["state"] == "LAUNCHED"
    assert all(headers["Sec-Fetch-Site"] == "same-origin" for _, headers in other.asked)


def test_a_browser_is_not_answered_by_a_name_that_was_rebound(loaded):
    rules = "--host-resolver-rules=MAP *.test 127.0.0.1"
    dom, _ = browser.dom(f"http://rebound.test:{loaded.port}/v1/movements", rules)
    assert "UNKNOWN_HOST" in dom and "dong-khoi-moi-2022" not in dom
    dom, _ = browser.dom(f"http://127.0.0.1:{loaded.port}/v1/movements", rules)
    assert "dong-khoi-moi-2022" in dom


def test_the_compose_file_names_what_prometheus_asks():
    compose = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    names = re.search(r"^      DONGKHOI_HOSTS: (\S+)$", compose, re.MULTILINE).group(1).split(",")
    prometheus = (ROOT / "deploy/observability/prometheus.yaml").read_text(encoding="utf-8")
    asked = re.search(r"replacement: ([\w.-]+):8080$", prometheus, re.MULTILINE).group(1)
    assert asked in names
    unit = (ROOT / "deploy/systemd/dongkhoi-gateway.service").read_text(encoding="utf-8")
    # What the file of the operator says comes after, and stands.
    assert unit.index("Environment=DONGKHOI_HOSTS=%H\n") < unit.index("EnvironmentFile=")
