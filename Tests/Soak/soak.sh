#!/usr/bin/env bash
# Boots unmodified Linux again and again, with 1, 2, 4 and 8 vCPUs and both clocks, and has four vCPUs work hard for a while.
# Every boot has to reach userland with all its vCPUs online, map the magic page once on each, and end with status 0.
# usage: soak.sh <paravane> <kernel> <initramfs> [<boots of each kind> [<seconds of stress>]]
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 64
fi
paravane=$1 kernel=$2 initramfs=$3 boots=${4:-20} seconds=${5:-60}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# boot <vcpus> <clock> <limit in seconds> <kernel options>: one boot, and whether it was as it has to be.
boot() {
    local status=0 pages
    "$paravane" run --kernel "$kernel" --initrd "$initramfs" --cpus "$1" --clock "$2" --timeout "$3" \
        --append "console=ttyS0 $4" --stats "$work/stats" </dev/null >"$work/console" 2>"$work/errors" || status=$?
    pages=$(sed -n 's/.*"KVM_HC_PPC_MAP_MAGIC_PAGE" : \([0-9]*\).*/\1/p' "$work/stats")
    if [ $status -eq 0 ] && [ "$pages" = "$1" ] && grep -q "^userland: processors online 0\(-$(($1 - 1))\)\?.$" "$work/console"
    then return 0; fi
    echo "a boot with $1 vCPUs and --clock $2 ended with status $status and ${pages:-no} magic pages:"
    tail -n 20 "$work/console" "$work/errors"
    return 1
}

# A run ends at its first failure.
printf '%-8s %5s %10s %10s\n' clock vCPUs 'good boots' 'seconds'
for clock in host virtual; do
    for cpus in 1 2 4 8; do
        started=$SECONDS
        for ((count = 0; count < boots; count++)); do boot $cpus $clock 300 paravane.exec=poweroff; done
        printf '%-8s %5d %7d/%-2d %10d\n' $clock $cpus $count "$boots" $((SECONDS - started))
    done
done

# A second of four busy vCPUs in virtual time takes several.
for run in "host $seconds" "virtual $(((seconds + 9) / 10))"; do
    read -r clock seconds <<<"$run"
    started=$SECONDS
    boot 4 "$clock" $((30 * seconds + 300)) "paravane.exec=stress paravane.seconds=$seconds"
    if ! grep -q '^userland: stress passed' "$work/console"; then
        tail -n 20 "$work/console"
        exit 1
    fi
    printf '%-8s %5d stress for %d guest seconds took %d; %s\n' "$clock" 4 "$seconds" $((SECONDS - started)) \
        "$(grep -o '^stress: .*[^[:space:]]' "$work/console")"
done
