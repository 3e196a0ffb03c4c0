# shellcheck shell=bash
# What the other scripts share: words to the person, the repository's folder, rights.

# The repository's folder; scripts may be called from anywhere.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Says what is being done.
say() { printf '==> %s\n' "$*"; }

# Says why it cannot go on, and ends.
stop() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

# Runs as root: directly, or with sudo.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Root's rights can be had.
can_be_root() { [[ $(id -u) -eq 0 ]] || command -v sudo >/dev/null; }

# The program is there; system folders that PATH may lack are looked into.
has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

# at_least HAVE WANTED: compares versions like 1.90.0.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# Rust as rustup puts it, for shells that have not read its settings yet.
if [[ -d ${CARGO_HOME:-$HOME/.cargo}/bin ]]; then
    PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
fi
