# SPDX-License-Identifier: Apache-2.0
# common.sh: what the tools share. Messages, stages with time limits, missing packages, the Python environment.
# Sourced by bash with `set -euo pipefail`; ROOT is the repository.

VENV="$ROOT/.venv"
LOGS="$ROOT/build/logs"
export ROOT VENV LOGS
mkdir -p "$LOGS"

say() { printf '%s\n' "$*"; }
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

jobs_count() { nproc 2>/dev/null || echo 2; }

# -- Stages -----------------------------------------------------------------------------------------------------------
# stage <title> <limit in seconds> <function> [argument...]: runs the function under the limit with its output in a log
# file, says every 20 s how far it is, and prints the end of the log when it fails. Returns the function's status.
# The function runs in a shell of its own, so that `timeout` can end it with everything it started.
STAGE_TITLES=() STAGE_STATES=() STAGE_SECONDS=()
stage() {
    local title="$1" limit="$2" status=0 start=$SECONDS child ticker="" log name
    shift 2
    name="${title//[^A-Za-z0-9]/-}"
    log="$LOGS/$name.log"
    if [ -n "${TOTAL_LIMIT:-}" ] && [ "$limit" -gt $((TOTAL_LIMIT - SECONDS)) ]; then
        limit=$((TOTAL_LIMIT > SECONDS ? TOTAL_LIMIT - SECONDS : 1)) # the whole run has a limit too
    fi
    printf '== %s (limit %s)\n' "$title" "$(minutes "$limit")"
    # shellcheck disable=SC2046 # function names have no spaces
    export -f $(declare -F | awk '{print $3}')
    timeout -k 10 "$limit" bash -euo pipefail -c '"$@"' stage "$@" >"$log" 2>&1 </dev/null &
    child=$!
    trap 'kill -TERM '"$child"' $ticker 2>/dev/null; exit 130' INT TERM
    (
        while sleep 20 >/dev/null 2>&1 </dev/null; do
            printf '   %s s: %s\n' $((SECONDS - start)) "$(tail -n 1 "$log" | tr -d '\r' | cut -c1-110)"
        done
    ) &
    ticker=$!
    wait "$child" || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    trap - INT TERM
    local state=ok seconds=$((SECONDS - start))
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
        state="over its limit"
    elif [ "$status" -ne 0 ]; then
        state=failed
    fi
    if [ "$status" -ne 0 ]; then
        tail -n "${STAGE_TAIL:-60}" "$log" | sed 's/^/   | /'
        say "   $title: $state after $seconds s; the whole output is in ${log#"$ROOT"/}"
    else
        say "   ok, $seconds s"
    fi
    STAGE_TITLES+=("$title") STAGE_STATES+=("$state") STAGE_SECONDS+=("$seconds")
    return "$status"
}
skip_stage() { # skip_stage <title> <reason>
    say "== $1: skipped, $2"
    STAGE_TITLES+=("$1") STAGE_STATES+=("skipped: $2") STAGE_SECONDS+=(0)
}
minutes() { if [ "$1" -lt 120 ]; then echo "$1 s"; else echo "$(($1 / 60)) min"; fi; }
stage_table() {
    local i
    printf '\n%-46s %6s  %s\n' stage seconds result
    for i in "${!STAGE_TITLES[@]}"; do
        printf '%-46s %6s  %s\n' "${STAGE_TITLES[$i]}" "${STAGE_SECONDS[$i]}" "${STAGE_STATES[$i]}"
    done
}

# -- Packages of the system -------------------------------------------------------------------------------------------
# want <package> <reason> <check...>: notes a package as missing when the check fails. install_wanted installs them.
WANTED=()
want() {
    local package="$1" reason="$2"
    shift 2
    if ! "$@" >/dev/null 2>&1; then
        WANTED+=("$package")
        say "   missing: $package ($reason)"
    fi
}
# The same for what only helps: without the right to install, it is left out.
want_if_possible() {
    if can_be_root && have apt-get; then want "$@"; fi
}
have() { command -v "$1" >/dev/null 2>&1; }
have_header() { echo "#include <$1>" | g++ -E -x c++ -o /dev/null - >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
can_be_root() {
    [ "$(id -u)" -eq 0 ] && return 0
    have sudo || return 1
    sudo -n true 2>/dev/null || [ -t 0 ]
}
install_wanted() {
    [ "${#WANTED[@]}" -eq 0 ] && return 0
    local command="apt-get update && apt-get install -y --no-install-recommends ${WANTED[*]}"
    have apt-get || die "this is not Debian or Ubuntu; please install what these packages hold: ${WANTED[*]}"
    can_be_root || die "some packages are missing and there is no right to install them; run as root: $command"
    if [ "$(id -u)" -ne 0 ]; then sudo -v || die "sudo refused; run as root: $command"; fi
    stage "install ${WANTED[*]}" 900 apt_install "${WANTED[@]}" || die "the installation failed; run as root: $command"
    WANTED=()
}
apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get -o Acquire::Retries=2 install -y --no-install-recommends "$@" && return 0
    as_root apt-get -o Acquire::Retries=2 update # a fresh image has no package lists
    as_root apt-get -o Acquire::Retries=2 install -y --no-install-recommends "$@"
}

want_compiler_tools() {
    want g++ "the C++ compiler" have g++
    want cmake "configures the build" have cmake
    want make "builds, where ninja is not installed" have make
    want_if_possible ninja-build "builds, faster than make" have ninja
}

# -- Python -----------------------------------------------------------------------------------------------------------
# The python3 on the PATH if it is recent enough for the pinned packages, else the system's.
usable_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
host_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if have "$candidate" && usable_python "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}
has_python_headers() {
    "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' >/dev/null 2>&1
}
want_python() {
    local python
    python="$(host_python || true)"
    want python3 "Python, 3.11 or newer" test -n "$python"
    want python3-venv "a Python environment for the pinned packages" "${python:-false}" -c 'import venv, ensurepip'
    want python3-dev "Python.h, to build the extension module" has_python_headers "${python:-false}"
}
venv_works() { "$VENV/bin/python" -c 'import pip' >/dev/null 2>&1 && usable_python "$VENV/bin/python"; }
make_venv() {
    local python
    if usable_python "$VENV/bin/python" && has_python_headers "$VENV/bin/python"; then
        "$VENV/bin/python" -m ensurepip # somebody's environment without pip: keep it
        return 0
    fi
    for python in "$(host_python)" /usr/bin/python3; do
        has_python_headers "$python" || continue # python3-dev serves the system's Python only
        "$python" -m venv --clear "$VENV" && venv_works && return 0
    done
    echo "python3 -m venv failed"
    return 1
}
# An environment that works but is of no use here may be somebody's: it is not ours to replace.
check_foreign_venv() {
    if "$VENV/bin/python" -c '' 2>/dev/null && ! compgen -G "$VENV/.warpx-*" >/dev/null; then
        usable_python "$VENV/bin/python" || die ".venv has a Python older than 3.11; run: mv .venv .venv.old"
        has_python_headers "$VENV/bin/python" || die ".venv has a Python without Python.h; run: mv .venv .venv.old"
    fi
}
# A requirement file is installed once; its content and the Python version are the key.
stamp_of() {
    printf '%s/.warpx-%s-%s' "$VENV" "$(basename "$1" .txt)" \
        "$({ cat "$1" && "$VENV/bin/python" --version; } | sha256sum | cut -c1-16)"
}
pip_install() { # pip_install <requirement file>
    "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off --retries 3 --timeout 60 -r "$1"
    touch "$(stamp_of "$1")"
}
# torch is a CPU build: the one on PyPI brings gigabytes of CUDA. First from where pip is told to look for files
# (find-links), then from PyTorch's index of CPU builds.
torch_install() {
    local pip=("$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off --no-deps) version
    version="$(grep '^torch==' "$ROOT/requirements/torch-version.txt")"
    "${pip[@]}" --no-index "$version" 2>/dev/null ||
        "${pip[@]}" --retries 1 --timeout 15 --index-url https://download.pytorch.org/whl/cpu "$version+cpu"
    pip_install "$ROOT/requirements/torch.txt"
    "$VENV/bin/python" -c 'import torch; print(torch.__version__)'
    touch "$(stamp_of "$ROOT/requirements/torch-version.txt")"
}
# setup_optional <name> <requirement file> <function> <where it was looked for>: what the tools go on without.
setup_optional() {
    local name="$1" file="$2" tried="$VENV/.warpx-$1-tried"
    [ -e "$(stamp_of "$file")" ] && return 0
    if [ -n "$(find "$tried" -mmin -60 2>/dev/null)" ]; then
        say "   no $name: not found within the last hour, going on without it (remove ${tried#"$ROOT"/} to try again)"
        return 0
    fi
    STAGE_TAIL=3 stage "$name, CPU build" 600 "$3" "$file" && return 0
    touch "$tried"
    say "   $name is neither in pip's find-links nor reachable at $4: going on without it."
}
setup_python() { # setup_python <requirement file>...
    local file
    check_foreign_venv
    if ! venv_works || ! has_python_headers "$VENV/bin/python"; then
        stage "Python environment in .venv" 120 make_venv ||
            die "no Python environment; run as root: apt-get install -y python3-venv python3-dev"
    fi
    for file in "$@"; do
        [ -e "$(stamp_of "$file")" ] && continue
        stage "Python packages of ${file#"$ROOT"/}" 900 pip_install "$file" ||
            die "pip could not install the packages; run: $VENV/bin/python -m pip install -r $file"
    done
    setup_optional PyTorch "$ROOT/requirements/torch-version.txt" torch_install download.pytorch.org
    setup_optional Paddle "$ROOT/requirements/paddle.txt" pip_install "pip's index"
}

# -- CMake ------------------------------------------------------------------------------------------------------------
# The environment of every configure: our Python first, ninja and ccache where they exist.
use_build_environment() {
    export VIRTUAL_ENV="$VENV" PATH="$VENV/bin:$PATH"
    export CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(jobs_count)}"
    if have ccache; then
        export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache
        export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    fi
}
configure() { # configure <preset> [cmake argument...]
    local preset="$1"
    shift
    cd "$ROOT"
    # A build folder keeps the generator it was made with.
    if [ ! -e "build/$preset/CMakeCache.txt" ] && have ninja; then export CMAKE_GENERATOR=Ninja; fi
    cmake --preset "$preset" -DPython_EXECUTABLE="$VENV/bin/python" -DPython3_EXECUTABLE="$VENV/bin/python" "$@"
}
