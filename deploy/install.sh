#!/usr/bin/env bash
# install.sh - installs those of our Debian packages that are missing.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/install.sh [-h] SET...

Installs those Debian packages of the sets that are missing, as root or with sudo:

  check       what deploy/run needs to look for what is in its way: Python
  build       to build and run the programs
  tests       to run tests/run
  fuzz        to fuzz: clang
  clients     to try the tools of strangers: npm
  containers  to run the system in containers
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=deploy/say.sh
. "$root/deploy/say.sh"

# "a|b": either will do; the first that the release has is installed.
check=(python3)
build=(
    ca-certificates cmake gcc golang-github-gogo-googleapis-dev libc6-dev
    libgoogle-common-protos-java libhiredis-dev 'libllhttp-dev|node-llhttp' libnng-dev
    libprotobuf-c-dev libprotobuf-dev libsqlite3-dev libssl-dev libutf8proc-dev libuv1-dev
    ninja-build pkgconf protobuf-c-compiler protobuf-compiler python3 python3-protobuf redis-server unzip
)
tests=(
    ccache chromium clang-format curl libcmocka-dev libfaketime mount nghttp2-client nodejs patch poppler-utils
    procps prometheus python3-jsonschema python3-protobuf python3-pytest python3-pytest-timeout
    python3-pytest-xdist shellcheck spin strace wrk
)
fuzz=(clang 'libclang-rt-14-dev|libclang-rt-19-dev')
clients=(npm)
go=(golang-go)
containers=(debootstrap 'docker.io|docker-ce|moby-engine' 'docker-compose|docker-compose-plugin|docker-compose-v2' iptables)

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Prints the choices of which none is installed.
missing() {
    local choice name
    for choice in "$@"; do
        for name in ${choice//|/ }; do
            if is_installed "$name"; then
                continue 2
            fi
        done
        printf '%s\n' "$choice"
    done
}

has_candidate() {
    local policy
    policy=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null)
    [[ $policy == *Candidate:* && $policy != *'Candidate: (none)'* ]]
}

# Prints one package for each choice: the first that can be had, else the last.
choose() {
    local choice name
    for choice in "$@"; do
        for name in ${choice//|/ }; do
            if has_candidate "$name"; then
                break
            fi
        done
        printf '%s\n' "$name"
    done
}

wanted=()
for set in "$@"; do
    case $set in
        --help | -h)
            usage
            exit 0
            ;;
        check) wanted+=("${check[@]}") ;;
        build) wanted+=("${build[@]}") ;;
        tests) wanted+=("${tests[@]}") ;;
        fuzz) wanted+=("${fuzz[@]}") ;;
        clients) wanted+=("${clients[@]}") ;;
        go) wanted+=("${go[@]}") ;;
        containers) wanted+=("${containers[@]}") ;;
        *) die "unknown set of packages: $set" "the sets are: check, build, tests, fuzz, clients, go, containers" ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    die "this is not a Debian system: dpkg-query was not found" \
        "install by hand what deploy/install.sh lists, then build with: cmake --preset release"
fi

say "looking for missing packages"
mapfile -t lacking < <(missing "${wanted[@]}")
if ((${#lacking[@]} == 0)); then
    exit 0
fi

root_command=()
if (($(id -u) != 0)); then
    if ! command -v sudo >/dev/null; then
        die "packages are missing and this is neither root nor a user with sudo" \
            "as root: apt-get install ${lacking[*]}"
    fi
    root_command=(sudo)
fi
apt=("${root_command[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)

log=$(mktemp)
trap 'rm -f "$log"' EXIT

say "updating the package lists"
if ! "${apt[@]}" update </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    say "the package lists could not all be updated; going on with those that are there"
fi
mapfile -t packages < <(choose "${lacking[@]}")
say "installing ${packages[*]}"
if ! "${apt[@]}" install -y --no-install-recommends "${packages[@]}" </dev/null >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    die "the packages could not be installed (apt-get's last lines are above)" \
        "check the network and the package sources, then run: apt-get install ${packages[*]}"
fi
# Redis is started by deploy/run, on loopback and without persistence; of Prometheus only the tools
# are needed.
for service in redis-server prometheus; do
    if [[ " ${packages[*]} " == *" $service "* ]] && command -v systemctl >/dev/null; then
        "${root_command[@]}" systemctl disable --now "$service.service" >/dev/null 2>&1 || true
    fi
done
