#!/bin/sh
# Makes the virtual environment named by $1 and installs the project into it, with the pinned versions.
set -eu
venv=$1
python=${PYTHON:-python3}

fail() { echo "error: $1" >&2; exit 1; }

command -v "$python" >/dev/null || fail "$python is not installed; install Python 3.11 or newer (PYTHON= names one)."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, layerw needs Python 3.11 or newer (make PYTHON=python3.12 names one)."
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "this Python can't make virtual environments; on Debian and Ubuntu: apt install python3-venv"
    echo "Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi
echo "Installing layerw and its tools into $venv (about half a minute)"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
