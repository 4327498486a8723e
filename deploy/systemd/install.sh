#!/usr/bin/env bash
# install.sh - installs what build/release holds as systemd units, beside earlier releases.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=deploy/say.sh
. "$root/deploy/say.sh"

usage() {
    cat <<'TEXT'
usage: deploy/systemd/install.sh [--build DIRECTORY] [--root DIRECTORY]

Copies the programs into a new directory of /opt/dongkhoi/releases, makes /opt/dongkhoi/current point
to it, and installs units and the user that they run as. Starts and stops nothing.

  --build DIRECTORY  where the programs were built     build/release, in the clone
  --root DIRECTORY   instead of /, for packages and tests; then no user is made
  --help, -h         this text
TEXT
}

build=$root/build/release
into=
while (($# > 0)); do
    case $1 in
        --build | --root)
            if (($# < 2)); then
                usage >&2
                exit 2
            fi
            if [[ $1 == --build ]]; then build=$2; else into=$2; fi
            shift 2
            ;;
        --help | -h)
            usage
            exit 0
            ;;
        *)
            printf 'unknown argument: %s\n' "$1" >&2
            usage >&2
            exit 2
            ;;
    esac
done

programs=(registrations indicators clusters nighteconomy gateway)
for program in "${programs[@]}"; do
    if [[ ! -x $build/services/$program/dongkhoi-$program ]]; then
        die "$build/services/$program/dongkhoi-$program is not there" \
            "build it first: bash deploy/install.sh build; bash deploy/build.sh release"
    fi
done

version=$("$build/services/gateway/dongkhoi-gateway" --version)
release=${version##* }-$(date -u +%Y%m%dT%H%M%SZ)
releases=$into/opt/dongkhoi/releases
mkdir -p "$releases"
if ! mkdir "$releases/$release"; then
    die "$releases/$release is there already" "wait a second and run it again"
fi
for program in "${programs[@]}"; do
    install -m 0755 "$build/services/$program/dongkhoi-$program" "$releases/$release/"
done
install -m 0755 "$root/deploy/systemd/backup.sh" "$releases/$release/dongkhoi-backup"
install -D -m 0644 -t "$into/etc/systemd/system" "$root"/deploy/systemd/dongkhoi*.{service,target,timer}
install -D -m 0644 "$root/deploy/systemd/dongkhoi.sysusers" "$into/usr/lib/sysusers.d/dongkhoi.conf"
if [[ ! -e $into/etc/dongkhoi/dongkhoi.env ]]; then
    install -D -m 0640 "$root/deploy/systemd/dongkhoi.env" "$into/etc/dongkhoi/dongkhoi.env"
fi
# In one step: a program that starts meanwhile finds the one or the other.
ln -sfn "releases/$release" "$into/opt/dongkhoi/next"
mv -T "$into/opt/dongkhoi/next" "$into/opt/dongkhoi/current"
if [[ -z $into ]]; then
    systemd-sysusers dongkhoi.conf
    systemctl daemon-reload
fi
say "installed the release $release"
