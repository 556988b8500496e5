#!/bin/sh
# Says whether the hosts that docs/hosts.md describes as missing can be had by now: WASI-GFX and WAMR.
# --build compiles the host of WASI-GFX as well, which takes a while. Exit status 0: nothing has changed.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python=$(cd "$(dirname "$0")/.." && pwd)/.venv/bin/python
changed=0

say() { echo "$1"; }
news() { echo "NEW: $1"; changed=1; }

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
