# Shared by the recipes of the guests. Sourced by bash with `set -euo pipefail`.
# Everything said goes to stderr; a recipe's stdout holds the path it produced and nothing else.
# shellcheck shell=bash

# Set by `begin`: where a recipe works, and what it has to become.
work=
target=

cache_root=${XDG_CACHE_HOME:-$HOME/.cache}/paravane

say() {
    printf 'paravane: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# key <name> <file or text...>: the name of a cache directory, which changes whenever one of the inputs does.
# Existing files count by their content, everything else counts as it is written.
key() {
    local name=$1 input
    shift
    for input in "$@"; do
        if [ -f "$input" ]; then sha256sum <"$input"; else printf '%s\n' "$input"; fi
    done | sha256sum | { read -r sum _ && printf '%s-%s\n' "$name" "${sum:0:16}"; }
}

elapsed() {
    printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# step <what is done> <log> <command...>: runs the command with its output in the log, and shows that it goes on: a line
# that counts on a terminal, a line every 20 seconds elsewhere. On failure the end of the log is shown.
step() {
    local what=$1 log=$2 started=$SECONDS objects seconds pid status=0 shown=0
    shift 2
    say "$what ..."
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        seconds=$((SECONDS - started))
        if [ -t 2 ]; then
            objects=$(grep -cE '^ +(CC|AS|LD|AR|HOSTCC) ' "$log" || true)
            printf '\r\033[Kparavane: %s, %s%s' "$what" "$(elapsed "$seconds")" "${objects:+, $objects objects}" >&2
        elif [ $((seconds / 20)) -gt "$shown" ]; then
            shown=$((seconds / 20))
            objects=$(grep -cE '^ +(CC|AS|LD|AR|HOSTCC) ' "$log" || true)
            say "$what, $(elapsed "$seconds"), $objects objects"
        fi
    done
    wait "$pid" || status=$?
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
    if [ $status -ne 0 ]; then
        tail -n 30 "$log" >&2
        fail "$what failed with status $status"
    fi
    say "$what took $(elapsed $((SECONDS - started)))"
}

# begin <name>: exits with the path on stdout when the cache already holds it. Otherwise takes the recipe's lock, so that
# of two builds of one thing the second waits and uses the first one's result, and makes $work, which goes away at exit.
begin() {
    target=$cache_root/$1
    if [ -d "$target" ]; then
        printf '%s\n' "$target"
        exit 0
    fi
    mkdir -p "$cache_root"
    exec 9>"$cache_root/.${1%%-*}.lock"
    if ! flock --nonblock 9; then
        say "waiting for another build of $1"
        flock 9
    fi
    if [ -d "$target" ]; then
        printf '%s\n' "$target"
        exit 0
    fi
    work=$(mktemp -d "$cache_root/.building.XXXXXX")
    trap 'rm -rf "$work"' EXIT
}

# publish <directory>: makes it the cached result, in one rename, and prints its path.
publish() {
    chmod -R u+rwX,go+rX "$1"
    mv -T "$1" "$target"
    printf '%s\n' "$target"
}

# debian_packages [--with-dependencies] <directory> <architecture> <package...>: downloads packages of Debian for another
# architecture and unpacks them into <directory>/files. Nothing is installed: apt keeps what it needs in a directory of its own.
debian_packages() {
    local closure=
    if [ "$1" = --with-dependencies ]; then
        closure=yes
        shift
    fi
    local apt=$1 architecture=$2 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg release=bookworm package
    shift 2
    # shellcheck disable=SC2016 # apt expands it
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $release" |
        head -n 1)
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/files"
    echo "deb [arch=$architecture signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} $release main" >"$apt/sources.list"
    local options=(-o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Cache="$apt/cache"
        -o Dir::State::lists="$apt/lists" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root
        -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Acquire::Languages=none
        -o Acquire::Retries=3)
    apt-get "${options[@]}" update
    if [ -n "$closure" ]; then
        apt-get "${options[@]}" install --yes --no-install-recommends --download-only "$@"
        mv "$apt"/cache/archives/*.deb "$apt/"
    else
        (cd "$apt" && apt-get "${options[@]}" download "$@")
    fi
    for package in "$apt"/*.deb; do dpkg-deb -x "$package" "$apt/files"; done
}

jobs() {
    nproc
}

# find_clang: sets $clang and $lld. The Swift toolchain brings both; a system's own clang has to know the guest's processor.
find_clang() {
    local toolchain directory
    toolchain=$(dirname "$(readlink -f "$(command -v swift || command -v clang)")")
    for directory in "$toolchain" /opt/swift/usr/bin /usr/bin; do
        clang=$directory/clang
        lld=$directory/ld.lld
        if [ -x "$clang" ] && [ -x "$lld" ]; then return; fi
    done
    fail "no clang with ld.lld found next to swift or in /usr/bin"
}
