#!/bin/sh
# fsync_test.sh VICTIM - one fdatasync fails: nothing is acknowledged after it, nothing acknowledged
# before it is lost, and the process does not come back. Exit code 77: skipped.
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

# The first ones fall into opening, the next ones into commits, some of the last into a checkpoint.
for when in 1 4 8 12 17 18 19 24; do
    state=$directory/$when
    mkdir "$state"
    strace -f -qq -o /dev/null -e trace=fdatasync,fsync \
        -e inject=fdatasync:error=EIO:when="$when" \
        "$victim" write "$state" >"$state/names" || {
        echo "failed: writing with the ${when}th fdatasync failing"
        exit 1
    }
    "$victim" check "$state" <"$state/names" || {
        echo "failed: reading after the ${when}th fdatasync failed"
        exit 1
    }
    echo "fdatasync $when: $(wc -l <"$state/names") acknowledged, all there"
done
