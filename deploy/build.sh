#!/usr/bin/env bash
# build.sh - builds one preset into build/PRESET, one build at a time: build.sh release
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/say.sh
. "$root/deploy/say.sh"

preset=$1
directory=$root/build/$preset
log=$root/build/$preset.log
mkdir -p "$root/build"

exec 9>"$root/build/.lock"
if ! flock -n 9; then
    say "waiting for another build in this clone"
    flock 9
fi

# step WHAT COMMAND... - runs it with its output in the log; the end of the log tells why it failed.
step() {
    say "$1"
    shift
    if ! (cd "$root" && "$@") </dev/null >>"$log" 2>&1 9>&-; then
        tail -n 40 "$log" >&2
        die "$* (the last lines are above, all of them in $log)" \
            "mend what the lines above say; after a change of system: rm -rf $directory, and again"
    fi
}

: >"$log"
step "configuring the $preset build" cmake --preset "$preset"
step "building into build/$preset" cmake --build --preset "$preset"
