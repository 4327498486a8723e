#!/usr/bin/env bash
# inside.sh - what the image's test stage runs: all unit tests, and of the end-to-end tests those that
# the release or the image may change.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
results=${1:-/results}

grep PRETTY_NAME /etc/os-release
ctest --test-dir build/debug -j 2 --output-on-failure --timeout 120 \
    --test-output-size-passed 100000000 --output-junit "$results/inside-unit.xml" \
    >"$results/inside-unit.log" 2>&1 || tail -n 60 "$results/inside-unit.log"
# What may come out otherwise with this release's libraries, its C library or the image. The rest are
# rules of our own, over the same sources: tests/run has shown them (README.md beside this file).
inside=(
    bad_input http fuzz slow_readers       # llhttp, libuv
    drain patience readiness               # nng: its end, its reconnecting; not yet ports (README.md)
    cache redis_password                   # hiredis and the release's Redis
    backup crash disk lists read_only time # SQLite
    language vectors                       # utf8proc, the C library's texts and numbers
    data_2022 deploy health                # what is in the image, and how it starts and ends
)
files=()
for name in "${inside[@]}"; do
    files+=("tests/e2e/test_$name.py")
done
DONGKHOI_TEST_BUILD=build/release timeout --kill-after=20 --signal=INT 600 \
    /usr/bin/python3 -m pytest -q -n 2 --dist=loadfile -c tests/e2e/pytest.ini \
    "${files[@]}" \
    --durations=10 --junitxml="$results/inside-e2e.xml" || true
