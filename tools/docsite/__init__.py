"""The documentation's site: `make docs`, or `python -m tools.docsite`."""
