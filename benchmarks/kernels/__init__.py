"""Kernels in Chromium against the same C compiled natively and against numpy: `python -m benchmarks.kernels`."""
