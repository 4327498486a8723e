"""api.py - a small client of the HTTP API."""

import http.client
import json
import time
import urllib.parse

TRIES = 20
PAUSE_SECONDS = 0.5
RETRY_STATUSES = (429, 503)


class ApiError(Exception):
    """An answer that is no success, or no answer at all (status 0)."""

    def __init__(self, what, status, error):
        message = error.get("message") or "no answer"
        reasons = [d["reason"] for d in error.get("details", []) if d.get("reason")]
        super().__init__(f"{what}: {status} {' '.join(reasons)} {message}".replace("  ", " "))
        self.status = status
        self.reason = reasons[0] if reasons else ""


def reachable(listen):
    """The address to dial for one that is listened on."""
    host, _, port = listen.rpartition(":")
    return f"{ {'0.0.0.0': '127.0.0.1', '[::]': '[::1]'}.get(host, host)}:{port}"


class Client:
    """JSON requests to one address. Writes are retried only with their idempotency key."""

    def __init__(self, address, timeout=15):
        host, _, port = address.rpartition(":")
        self.host = host.strip("[]")
        self.port = int(port)
        self.timeout = timeout

    def once(self, method, path, body=None, query=None, headers=None):
        """(status, headers, parsed body or text) of one request."""
        if query:
            path = f"{path}?{urllib.parse.urlencode(query)}"
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = dict(headers or {})
        if data is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            connection.request(method, path, body=data, headers=headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            try:
                return answer.status, answer.headers, json.loads(text)
            except ValueError:
                return answer.status, answer.headers, text
        finally:
            connection.close()

    def call(self, method, path, body=None, query=None, key=None):
        """The parsed answer; tries again while a service is starting. Raises ApiError."""
        headers = {"Idempotency-Key": key} if key else {}
        for attempt in range(1, TRIES + 1):
            try:
                status, _, answer = self.once(method, path, body, query, headers)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, {"error": {"message": f"no answer ({error})"}}
            if 200 <= status < 300:
                return answer
            again = status == 0 or status in RETRY_STATUSES
            if not again or attempt == TRIES or (method != "GET" and not key):
                error = answer.get("error", {}) if isinstance(answer, dict) else {}
                raise ApiError(f"{method} {path}", status, error)
            time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def find(self, path):
        """The resource, or None where there is none."""
        try:
            return self.call("GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise


def wait_ready(client, seconds):
    """Until /readyz says that every service answers. Raises ApiError with what it said last."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            status, _, answer = client.once("GET", "/readyz")
        except (OSError, http.client.HTTPException) as error:
            status, answer = 0, f"the gateway does not answer ({error})"
        if status == 200:
            return
        if time.monotonic() > deadline:
            said = json.dumps(answer, ensure_ascii=False)
            raise ApiError(f"not ready after {seconds} s", status, {"message": said})
        time.sleep(0.05)
