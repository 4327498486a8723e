#!/usr/bin/env bash
# secrets.sh - makes those secrets of deploy/compose.yaml that are not there yet.
set -euo pipefail

case ${1:-} in
    --help | -h)
        cat <<'TEXT'
usage: deploy/secrets.sh [-h] [DIRECTORY]

Makes those secrets of deploy/compose.yaml that are not there yet, in the directory, in
DONGKHOI_SECRETS, or in deploy/secrets.
TEXT
        exit 0
        ;;
    -*)
        printf 'deploy/secrets.sh: unknown argument: %s\n' "$1" >&2
        exit 2
        ;;
esac

directory=${1:-${DONGKHOI_SECRETS:-$(dirname "${BASH_SOURCE[0]}")/secrets}}
umask 077
mkdir -p "$directory"
chmod 0700 "$directory"
file=$directory/redis_password
if [[ ! -s $file ]]; then
    head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \n' >"$file.new"
    # The user in the container is another one; the directory keeps all others out.
    chmod 0444 "$file.new"
    mv "$file.new" "$file"
    printf 'made %s\n' "$file"
fi
