"""harness_url.py - where load goes: this machine, unless another one is allowed."""

import ipaddress
import socket
import sys
import urllib.parse


def is_loopback(host):
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(entry[4][0].split("%")[0]).is_loopback for entry in found)


def check(url, allow_remote):
    """(host, port); ends the program when the URL is none or not of this machine."""
    parts = urllib.parse.urlsplit(url)
    try:
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, None
    if parts.scheme != "http" or not host or parts.path not in ("", "/") or parts.query:
        sys.exit(f"the URL is {url!r}; it must be http://HOST:PORT")
    if not allow_remote and not is_loopback(host):
        sys.exit(f"{host} is not this machine; --allow-remote loads it all the same")
    return host, port
