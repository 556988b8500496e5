"""The allocator in Chromium against zig's wasi malloc and emscripten's dlmalloc: `python -m benchmarks.memory`."""
