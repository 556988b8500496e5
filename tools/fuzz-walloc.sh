#!/bin/sh
# Makes tests/kernels/corpus/walloc.txt: `tools/fuzz-walloc.sh FIRST_SEED SEEDS > more`, then `cat walloc.txt more |
# tools/fuzz-walloc.sh - 2000 > less` to drop what others cover. Seeds that reach nothing new are not printed.
# Needs gcc; some 60 seeds a second on one core.
set -eu
kernels=$(dirname "$0")/../engine_py/kernels
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
flags="-O2 -std=gnu11 -DLW_DEBUG -I$kernels -I$kernels/include -I$kernels/memory -I$kernels/layer"
for source in "$kernels"/memory/*.c; do
	gcc $flags -fsanitize-coverage=trace-pc -c "$source" -o "$out/$(basename "$source" .c).o"
done
gcc $flags "$kernels/layer/error.c" "$kernels/../../tests/kernels/fuzz_walloc.c" "$out"/*.o -o "$out/fuzz"
[ "$1" = - ] && exec "$out/fuzz" - "$2"
"$out/fuzz" "$1" "$2" 2000
