#!/usr/bin/env bash
# Runs guests with several vCPUs on a command that was built with the thread sanitizer. A report of the sanitizer, or a guest
# that does not come to its end, is a failure.
# usage: tsan.sh <paravane> <directory of bare-metal programs> <kernel> <initramfs> <directory of Debian's kernel>
set -euo pipefail
if [ $# -ne 5 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 64
fi
paravane=$1 programs=$2 kernel=$3 initramfs=$4 debian=$5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TSAN_OPTIONS="exitcode=66 halt_on_error=0 ${TSAN_OPTIONS:-}"

# guest <name> <what its console has to show> <options>: without the sandbox, whose filter forbids what the sanitizer asks for.
guest() {
    local name=$1 wanted=$2 status=0 started=$SECONDS
    shift 2
    "$paravane" run --clock host --timeout 600 --no-sandbox "$@" </dev/null >"$work/console" 2>"$work/errors" || status=$?
    if [ $status -ne 0 ] || grep -q '^not ok' "$work/console" || ! grep -q "$wanted" "$work/console"; then
        echo "$name failed with status $status:"
        tail -n 20 "$work/console"
        cat "$work/errors"
        exit 1
    fi
    echo "tsan: $name: no report in $((SECONDS - started)) s"
}

for program in smp smpcode smptlb smpmagic; do
    guest "$program" '^1\.\.[1-9]' --kernel "$programs/$program.elf" --cpus 4
done
guest "Linux with 4 vCPUs" '^userland: powering off' --kernel "$kernel" --initrd "$initramfs" --cpus 4 \
    --append "console=ttyS0 paravane.exec=poweroff"
guest "stress on 2 vCPUs" '^userland: stress passed' --kernel "$kernel" --initrd "$initramfs" --cpus 2 \
    --append "console=ttyS0 paravane.exec=stress paravane.seconds=10"
guest "Debian with 2 vCPUs" '^userland: powering off' --machine pseries --kernel "$debian/vmlinux" \
    --initrd "$debian/initramfs.cpio.gz" --memory 512M --cpus 2 --append "console=hvc0 quiet paravane.exec=poweroff"
