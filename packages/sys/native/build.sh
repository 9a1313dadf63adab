#!/bin/sh
# Build the launcher for one architecture: build.sh <x64|arm64> <output>. Freestanding, so that no libc's headers or start files matter.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case "$1" in
  x64) cc=${HACO_CC_X64:-gcc-12} flags=-fcf-protection=none ;;
  arm64) cc=${HACO_CC_ARM64:-aarch64-linux-gnu-gcc-12} flags=-mno-outline-atomics ;;
  *) echo "usage: build.sh <x64|arm64> <output>" >&2; exit 2 ;;
esac
cd "$here"
exec "$cc" -std=gnu11 -Os -Wall -Wextra -Werror -Wconversion -Wno-sign-conversion \
  -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fno-ident \
  -fno-pie -no-pie -static -nostdlib "$flags" \
  -Wl,-z,noseparate-code,-z,noexecstack,--build-id=none,-s \
  -o "$2" haco-init.c interpret.c init.c plan.c serve.c
