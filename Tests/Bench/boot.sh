#!/usr/bin/env bash
# Boots one Linux guest to its power-off on QEMU and on Paravane in turn, and compares wall-clock time and peak memory.
# The three runs of a round follow each other, so that whatever else the machine does falls on all alike.
# usage: boot.sh <paravane> <directory of kernels> <initramfs> [<rounds>]
set -euo pipefail
if [ $# -lt 3 ]; then
    sed -n '2,4s/^# //p' "$0" >&2
    exit 64
fi
exec python3 "$(dirname "$0")/boot.py" "$@"
