"""One thread against two in Chromium: `python -m benchmarks.threads`."""
