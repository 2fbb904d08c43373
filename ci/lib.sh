# Sourced by the scripts of this folder: goes to the root of the repository and asks for tools.
#
# A tool that is missing is installed if CI=true, and never otherwise: then the script says how to get it. A check whose
# tool cannot be had says NOT RUN and succeeds, or fails with NOT_RUN=fail; `ci/run` lists these checks at its end.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
check="$(basename "$0")"

fail() { # MESSAGE
    echo "$check: $1" >&2
    exit 1
}

# For a part of a check: the others are run.
skip() { # REASON
    echo "== $check: NOT RUN: $1"
    [ "${NOT_RUN:-}" != fail ] || exit 1
}

not_run() { # REASON
    skip "$1"
    # All checks need the tools that `ci/run` itself needs.
    [ "$check" != run ] || exit 1
    exit 0
}

# Waits until no other check installs: `ci/run` runs two at once, but neither rustup nor apt may run twice at once.
alone() { # COMMAND...
    (
        ! command -v flock >/dev/null || flock 9
        # Without the lock, which a service that is started would keep.
        "$@" 9>&-
    ) 9>"${TMPDIR:-/tmp}/ssewire-ci-install-$UID.lock"
}

# Succeeds if the first command does. If it does not, runs the second one if CI=true, and tries the first one again.
have_or_install() { # WHAT TEST-COMMAND INSTALL-COMMAND
    eval "$2" >/dev/null 2>&1 && return
    [ "${CI:-}" = true ] || not_run "$1 is missing; to install it: $3"
    local log
    log="$(mktemp)"
    if ! alone eval "$2 || { $3; }" >"$log" 2>&1 || ! eval "$2" >>"$log" 2>&1; then
        not_run "$1 cannot be installed by \`$3\`: $(grep -v '^[[:space:]]*$' "$log" | tail -n 1)"
    fi
    rm "$log"
}

need_cargo() { # SUBCOMMAND
    # Without optimisations: compiling these tools takes longer than running them.
    have_or_install "cargo-$1" "cargo $1 --version || cargo $1 --help" "cargo install --locked ${CI:+--debug} cargo-$1"
}

# Asks for no password.
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n "

apt_install() { # DEBIAN-PACKAGE: prints the command that installs it
    echo "${sudo}apt-get update && ${sudo}env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $1"
}

need_package() { # COMMAND DEBIAN-PACKAGE
    have_or_install "$1" "command -v $1" "$(apt_install "$2")"
}

# For a part of a check that is skipped where the command is missing.
has_or_installs() { # COMMAND DEBIAN-PACKAGE: whether the command is there; only in CI it is installed
    command -v "$1" >/dev/null && return
    [ "${CI:-}" = true ] && alone eval "$(apt_install "$2")" >/dev/null 2>&1 && command -v "$1" >/dev/null
}

need_component() { # COMPONENT [TOOLCHAIN]
    local toolchain="${2:-stable}"
    have_or_install "rustup component $1 of $toolchain" \
        "rustup component list --installed --toolchain $toolchain | grep -E '^$1(-|\$)'" \
        "rustup component add $1 --toolchain $toolchain"
}

need_target() { # TARGET TOOLCHAIN
    have_or_install "rustup target $1 of $2" "rustup target list --installed --toolchain $2 | grep -x $1" \
        "rustup target add $1 --toolchain $2"
}

need_toolchain() { # VERSION
    have_or_install "rustup toolchain $1" "rustup run $1 rustc --version" \
        "rustup toolchain install $1 --profile minimal --no-self-update"
}

# Finds `wasm-opt` where `ci/envoy` installs it, so that the modules that `ci/envoy-bench` compares are built alike.
use_envoy_tools() { # sets `envoy_tools`, the folder of the installed tools
    envoy_tools="${CARGO_TARGET_DIR:-target}/envoy-tools"
    export PATH="$PATH:$(realpath -m "$envoy_tools")/node_modules/.bin"
}

# Builds programs as `cargo test` does: with the features that all default members and their tests ask for. So what one
# of them has built, the other need not build again. `threads`, a small test, makes cargo count what tests ask for.
build_as_tests() { # --bin NAME, --example NAME...
    cargo build --quiet --test threads "$@"
}

# Starts `ssewire serve` as $server, which the caller ends, and exports its address.
start_server() { # OUTPUT-FILE PROGRAM ARGUMENT...
    local address ended=""
    # Now, not when the server begins to run: the file may have the address of the server before.
    : >"$1"
    "${@:2}" >>"$1" &
    server=$!
    for _ in $(seq 600); do
        # Before its output is read: it may print the address and end in between.
        kill -0 "$server" 2>/dev/null || ended=1
        address="$(sed -n 's/^export ANTHROPIC_BASE_URL=//p' "$1")"
        if [ -n "$address" ]; then
            export ANTHROPIC_BASE_URL="$address"
            return
        fi
        [ -z "$ended" ] || break
        sleep 0.1
    done
    # Without an address, a client would talk to the real API.
    fail "the server does not start: ${*:2}"
}

# Runs a cargo command that must fail because it needs std.
refuses_std() { # LOG COMMAND...
    if "${@:2}" >"$1" 2>&1; then
        fail "this must not build without std: ${*:2}"
    fi
    grep E0463 "$1" >/dev/null || fail "${*:2} fails for another reason: $(cat "$1")"
}

# Prints the user and system time of a command and its children, in milliseconds.
cpu_milliseconds() { # LOG COMMAND...
    local TIMEFORMAT='%U %S' time
    time="$({ time "${@:2}" >"$1" 2>&1; } 2>&1)" || fail "$(cat "$1")"
    awk '{ printf "%d\n", ($1 + $2) * 1000 }' <<<"$time"
}

# The oldest Rust that the crates promise to work with, as rustup names it.
msrv="$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml).0"

# Everything that is published, lowest layer first.
libraries=(ssewire ssewire-json ssewire-messages ssewire-io ssewire-batch)
published=("${libraries[@]}" ssewire-replay ssewire-cli)
