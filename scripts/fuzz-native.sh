#!/bin/sh
# Fuzz the launcher's C: fuzz-native.sh <seconds>, shared by the targets. Needs clang with its sanitizers (Debian: clang, libclang-rt-14-dev).
set -eu
seconds=${1:?usage: fuzz-native.sh <seconds>}
native=$(cd "$(dirname "$0")/../packages/sys/native" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/haco-fuzz-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
each=$(((seconds + 1) / 2))

fuzz() {
  name=$1
  shift
  ${CLANG:-clang} -std=gnu11 -O1 -g -Wall -Wextra -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -o "$scratch/$name" "$@"
  mkdir "$scratch/$name-corpus"
  # Memory that the launcher maps is never given back; leaks are no business of a process that ends.
  if ! ASAN_OPTIONS=detect_leaks=0 "$scratch/$name" -max_total_time="$each" -max_len=4096 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$scratch/" "$scratch/$name-corpus" >"$scratch/$name.log" 2>&1; then
    tail -n 60 "$scratch/$name.log" >&2
    for input in "$scratch"/crash-* "$scratch"/timeout-*; do
      if [ -e "$input" ]; then base64 "$input" >&2; fi
    done
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/$name.log")
  coverage=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$scratch/$name.log" | tail -n 1)
  echo "$name: $runs inputs in $each s, $coverage branches covered, nothing found"
}

fuzz plan-valid "$native/fuzz/plan-valid.c" "$native/plan.c"
fuzz interpret "$native/fuzz/interpret.c"
