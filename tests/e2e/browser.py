"""browser.py - Debian's Chromium without a window."""

import re
import shutil
import subprocess
import tempfile

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--enable-logging=stderr",
)
SECONDS = 60


def run(url, *flags):
    """(stdout, what the page made the console say): one start of the browser, gone afterwards."""
    assert shutil.which("chromium"), "chromium is not installed: deploy/install.sh tests"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            ["chromium", *FLAGS, f"--user-data-dir={profile}", *flags, url],
            capture_output=True, timeout=SECONDS, check=False,
        )
    errors = done.stderr.decode(errors="replace")
    assert done.returncode == 0, errors
    return done.stdout.decode(), re.findall(r".*CONSOLE.*", errors)


def dom(url, *flags):
    return run(url, "--dump-dom", *flags)


def screenshot(url, path, *flags):
    run(url, f"--screenshot={path}", "--window-size=1200,1600", *flags)


def sheets(url, path):
    """How many pages the page is when printed, and their size."""
    run(url, "--no-pdf-header-footer", f"--print-to-pdf={path}")
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    return (
        int(re.search(r"^Pages:\s+(\d+)", told, re.M).group(1)),
        re.search(r"^Page size:.*", told, re.M).group(0),
    )


def printed_text(path):
    return subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
