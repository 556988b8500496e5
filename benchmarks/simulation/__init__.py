"""A step of particles and shallow water, in Chromium, wasmtime, C and numpy: `python -m benchmarks.simulation`."""
