#!/bin/sh
# fsync_test.sh VICTIM - a disk that fails: nothing that was acknowledged is lost. After a failed
# fdatasync nothing more is acknowledged; after failed writes the store comes back. Exit code 77:
# skipped.
set -u

victim=$1
directory=$(mktemp -d /tmp/store-fsync-XXXXXX) || exit 1
trap 'rm -rf "$directory"' EXIT
# The leak checker needs ptrace, which strace holds.
export ASAN_OPTIONS=detect_leaks=0

if ! strace -f -qq -o /dev/null -e trace=none true 2>/dev/null; then
    echo "skipped: strace cannot trace here"
    exit 77
fi

# try MODE CALL WHEN - the calls of this number fail while books are written.
try() {
    state=$directory/$2-$3
    mkdir "$state"
    strace -f -qq -o /dev/null -e trace="$2" -e inject="$2:error=EIO:when=$3" \
        "$victim" "$1" "$state" >"$state/names" || {
        echo "failed: $1 with $2 failing at $3"
        exit 1
    }
    "$victim" check "$state" <"$state/names" || {
        echo "failed: reading after $2 failed at $3"
        exit 1
    }
    echo "$2 $3: $(wc -l <"$state/names") acknowledged, all there"
}

# The first ones fall into opening, the next ones into commits, some of the last into a checkpoint.
for when in 1 4 8 12 17 18 19 24; do
    try write fdatasync "$when"
done
try recover pwrite64 1000..1003
