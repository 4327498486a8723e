#!/usr/bin/env bash
# build.sh - builds one preset into build/PRESET, one build at a time.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/say.sh
. "$root/deploy/say.sh"

usage() {
    cat <<'TEXT'
usage: deploy/build.sh [-h] PRESET

Configures and builds one preset of CMakePresets.json (release, asan, tsan, debug, fuzz) into
build/PRESET. What the tools say goes to build/PRESET.log, and how far they are to the terminal.
TEXT
}

preset=${1:-}
case $preset in
    --help | -h)
        usage
        exit 0
        ;;
    '' | -*)
        usage >&2
        exit 2
        ;;
esac
directory=$root/build/$preset
log=$root/build/$preset.log
mkdir -p "$root/build"

exec 9>"$root/build/.lock"
if ! flock -n 9; then
    say "waiting for another build in this clone"
    flock 9
fi

PROGRESS_SECONDS=10

# progress - keeps what it reads in the log and shows how far ninja is: on a terminal in one line that
# is written over, else in a new line every PROGRESS_SECONDS.
progress() {
    local line shown=0 due=$((SECONDS + PROGRESS_SECONDS))
    while IFS= read -r line || [[ -n $line ]]; do
        printf '%s\n' "$line" >&4
        if [[ ! $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            continue
        fi
        if [[ -t 1 ]]; then
            printf '\r    %s of %s ' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
            shown=1
        elif ((SECONDS >= due)); then
            say "  ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"
            due=$((SECONDS + PROGRESS_SECONDS))
        fi
    done 4>>"$log"
    if ((shown)); then
        printf '\n'
    fi
}

# step WHAT COMMAND... - runs it with its output in the log; the end of the log tells why it failed.
step() {
    say "$1"
    shift
    if ! (cd "$root" && "$@") </dev/null 2>&1 9>&- | progress 9>&-; then
        tail -n 40 "$log" >&2
        die "$* (the last lines are above, all of them in $log)" \
            "mend what the lines above say; after a change of system: rm -rf $directory, and again"
    fi
}

: >"$log"
step "configuring the $preset build" cmake --preset "$preset"
step "building into build/$preset (from nothing it takes some minutes)" cmake --build --preset "$preset"
