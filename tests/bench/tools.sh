#!/bin/sh
# Installs the monitoring plugin in C that the benchmark compares with, if apt is available.
set -eu

for plugin in /usr/lib/nagios/plugins/check_disk /usr/lib64/nagios/plugins/check_disk; do
    [ ! -x "$plugin" ] || exit 0
done
if ! command -v apt-get > /dev/null; then
    echo "tools.sh: no apt-get found: install the monitoring plugins (check_disk) yourself" >&2
    exit 1
fi
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends monitoring-plugins-basic
