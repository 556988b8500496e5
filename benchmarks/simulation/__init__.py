"""Particles and shallow water, a step: in Chromium, under wasmtime, natively, numpy: `python -m benchmarks.simulation`."""
