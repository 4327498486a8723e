# say.sh - how the scripts tell what they do; read by them with "."
# shellcheck shell=bash

# say MESSAGE - a progress line.
say() {
    printf '==> %s\n' "$1"
}

# die WHAT ADVICE - a step failed: what and why, and what to do.
die() {
    printf 'failed: %s\nwhat to do: %s\n' "$1" "$2" >&2
    exit 1
}
