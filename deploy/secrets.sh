#!/usr/bin/env bash
# secrets.sh - makes those secrets of deploy/compose.yaml that are not there yet: secrets.sh [DIRECTORY]
set -euo pipefail

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
