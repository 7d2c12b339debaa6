#!/bin/sh
# Makes a Python environment in $1 with the packages that the tests need: psutil and the parser of Prometheus' own
# client for comparisons, and aiosmtpd, the mail server that they deliver to.
# Without Python the script prints a message and succeeds: those tests are then skipped, with a message.
set -eu
venv=$1

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import psutil, prometheus_client, aiosmtpd' 2>/dev/null; then
    exit 0
fi
if ! python3 -m venv "$venv" ||
    ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        psutil==7.2.2 prometheus_client==0.26.0 aiosmtpd==1.4.6; then
    echo "venv.sh: no Python 3 with venv and pip, or a package cannot be installed: the tests that need it are skipped" >&2
fi
