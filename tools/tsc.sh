#!/bin/sh
# Checks the JSDoc types of web/ with the pinned TypeScript.
set -eu
exec tools/node.sh node_modules/typescript/bin/tsc --noEmit -p tsconfig.json
