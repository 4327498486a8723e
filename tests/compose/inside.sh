#!/usr/bin/env bash
# inside.sh - what the image's test stage runs: unit tests, and end-to-end tests of its programs.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
results=${1:-/results}

grep PRETTY_NAME /etc/os-release
ctest --test-dir build/debug -j 2 --output-on-failure --timeout 120 \
    --test-output-size-passed 100000000 --output-junit "$results/inside-unit.xml" \
    >"$results/inside-unit.log" 2>&1 || tail -n 60 "$results/inside-unit.log"
# What is tried with a library preloaded, a clock that is wrong or power that is cut, shows rules of the
# programs, which are the same in here: tests/run has tried it.
outside=()
for name in freshness wrong_clock shifted_clock power_cut synced_only planted_bugs; do
    outside+=("--ignore=tests/e2e/test_$name.py")
done
DONGKHOI_TEST_BUILD=build/release timeout --kill-after=20 --signal=INT 1000 \
    /usr/bin/python3 -m pytest -q -n 2 --dist=loadfile -c tests/e2e/pytest.ini tests/e2e \
    "${outside[@]}" \
    --durations=10 --junitxml="$results/inside-e2e.xml" || true
