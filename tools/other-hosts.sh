#!/bin/sh
# Says whether the hosts that docs/hosts.md describes as missing can be had by now: WASI-GFX, and WAMR with vectors.
# --build compiles the host of WASI-GFX as well, which takes a while. Exit status 0: nothing has changed.
# --wamr does nothing of this: it builds WAMR as a library from the sources in the crate wamr-sys, for
# tests/kernels/test_wamr.py, into .make/wamr; it takes cargo, cmake and a C compiler.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=$(cd "$(dirname "$0")/.." && pwd)/.venv/bin/python
changed=0

say() { echo "$1"; }
news() { echo "NEW: $1"; changed=1; }

if [ "${1:-}" = --wamr ]; then
    out=$(cd "$(dirname "$0")/.." && pwd)/.make/wamr
    [ -f "$out/libiwasm.so" ] && exit 0
    for tool in cargo cmake cc; do
        command -v "$tool" >/dev/null || { echo "WAMR is not built: $tool is not installed" >&2; exit 1; }
    done
    set -e
    cargo init --quiet --name probe "$folder/probe"
    cd "$folder/probe"
    cargo add --quiet wamr-sys@=0.1.1
    cargo vendor --quiet "$folder/crates" >/dev/null
    # Bounds by pages would take the process's signals, and with them wasmtime's traps.
    # Its own build stops in bindgen 0.56 where clang is newer than 14; the C sources need none of it.
    cmake -S "$folder/crates/wamr-sys/libiwasm" -B "$folder/made" -DCMAKE_POLICY_VERSION_MINIMUM=3.5 \
        -DCMAKE_BUILD_TYPE=Release -DWAMR_BUILD_BULK_MEMORY=1 -DWAMR_BUILD_LIBC_WASI=0 -DWAMR_DISABLE_HW_BOUND_CHECK=1 \
        -Wno-dev >"$folder/log" 2>&1
    cmake --build "$folder/made" --target iwasm >"$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
    mkdir -p "$out"
    cp "$folder/made/libiwasm.so" "$out/"
    echo "$out/libiwasm.so"
    exit 0
fi
if command -v cargo >/dev/null; then
    cargo init --quiet --name probe "$folder/probe" 2>/dev/null
    if (cd "$folder/probe" && cargo add --quiet wasi-webgpu-wasmtime && cargo generate-lockfile --quiet) 2>"$folder/why"; then
        version() { sed -n "/^name = \"$1\"\$/{n;s/version = \"\(.*\)\"/\1/p}" "$folder/probe/Cargo.lock"; }
        say "WASI-GFX: wasi-webgpu-wasmtime $(version wasi-webgpu-wasmtime) resolves, on wasmtime $(version wasmtime), wgpu-core $(version wgpu-core)"
        if [ "${1:-}" = --build ]; then
            (cd "$folder/probe" && cargo build --quiet) && news "the host of WASI-GFX compiles here" || say "it does not compile"
        fi
    else
        say "WASI-GFX: wasi-webgpu-wasmtime does not resolve: $(tail -n 1 "$folder/why")"
    fi
    for crate in wasi-gfx-runtime wamr-rust-sdk; do
        if cargo info --quiet "$crate" >/dev/null 2>&1; then news "the crate $crate is there"; else say "no crate $crate"; fi
    done
else
    say "cargo is not installed: crates are not looked at"
fi
if "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" wamr-bin 2>"$folder/why"; then
    "$python" -m zipfile -l "$folder"/wamr_bin*.whl | grep -q '\.so' && news "wamr-bin brings a library that can be embedded" ||
        say "WAMR: $(basename "$folder"/wamr_bin*.whl) is a command only"
else
    say "WAMR: wamr-bin can't be downloaded: $(tail -n 1 "$folder/why")"
fi
exit $changed
