#!/bin/sh
# Makes a Python environment with psutil in $1. Without Python it says so and goes on: the tests that compare with
# psutil are then skipped, with a message.
set -eu
venv=$1
requirement=psutil==7.2.2

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import psutil' 2>/dev/null; then
    exit 0
fi
if ! python3 -m venv "$venv" || ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$requirement"; then
    echo "venv.sh: no Python 3 with venv and pip here, or psutil cannot be installed: comparisons are skipped" >&2
fi
