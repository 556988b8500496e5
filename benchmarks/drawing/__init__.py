"""Drawing against three.js and hand-written loops: `python -m benchmarks.drawing`."""
