#!/usr/bin/env bash
# backup.sh - backs up every store into a directory and lets backups of long ago go. Installed as
# dongkhoi-backup, beside the programs.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: dongkhoi-backup [-h] DIRECTORY

Backs up the store of every service into the directory, through the programs beside this one, and
removes backups that are older than DONGKHOI_BACKUP_DAYS (30) of each service that has a new one.
The stores are in DONGKHOI_STATE (./var). Exit status: 0 all were backed up, 1 not all, 2 wrong use.
TEXT
}

directory=${1:-}
case $directory in
    --help | -h)
        usage
        exit 0
        ;;
    '' | -*)
        usage >&2
        exit 2
        ;;
esac
programs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
days=${DONGKHOI_BACKUP_DAYS:-30}
state=${DONGKHOI_STATE:-./var}

if [[ ! $days =~ ^[1-9][0-9]{0,3}$ ]]; then
    printf 'dongkhoi-backup: DONGKHOI_BACKUP_DAYS is "%s"; allowed is: a number of days, 1 to 9999\n' \
        "$days" >&2
    exit 2
fi
mkdir -p "$directory"
time=$(date -u +%Y%m%dT%H%M%SZ)
failed=0
for service in registrations indicators clusters nighteconomy; do
    if [[ ! -e $state/$service.db ]]; then
        printf 'dongkhoi-backup: %s has no store in %s\n' "$service" "$state" >&2
        failed=1
        continue
    fi
    # Old ones go only when there is a new one.
    if "$programs/dongkhoi-$service" backup --to "$directory/$service-$time.db"; then
        find "$directory" -maxdepth 1 -type f -name "$service-[0-9]*Z.db" -mtime "+$days" -delete
        # What a backup that was killed left behind.
        find "$directory" -maxdepth 1 -type f -name "$service-[0-9]*Z.db.partial" -mtime +0 -delete
    else
        failed=1
    fi
done
exit "$failed"
