"""Boot to the first frame against bare Pyodide: `python -m benchmarks.boot`."""
