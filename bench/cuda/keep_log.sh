#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# keep_log.sh: runs a compiler and keeps what it prints: keep_log.sh <folder> <command...>, one file for each output.
folder="$1"
shift
name=""
previous=""
for argument in "$@"; do
    if [ "$previous" = -o ]; then name="$(basename "$argument")"; fi
    previous="$argument"
done
mkdir -p "$folder"
"$@" >"$folder/$name.log" 2>&1
status=$?
grep -v -E 'ptxas info|bytes stack frame' "$folder/$name.log"
exit "$status"
