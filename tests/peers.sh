#!/bin/sh
# Unpacks node_exporter into $1, from Debian's package: nothing is installed or started, and root is not needed. If apt
# is missing or reaches no server, the script prints a message and succeeds: the tests that compare with node_exporter
# are then skipped, with a message.
set -eu
peers=$1
package=prometheus-node-exporter

for program in "$peers/usr/bin/$package" "$package" node_exporter; do
    ! command -v "$program" > /dev/null || exit 0
done

missing() {
    echo "peers.sh: $1: comparisons with node_exporter are skipped" >&2
    exit 0
}

if ! command -v apt-get > /dev/null || ! command -v dpkg-deb > /dev/null; then
    missing "no apt found"
fi
mkdir -p "$peers"
peers=$(cd "$peers" && pwd)
new=$(mktemp -d "$peers/new.XXXXXX")
trap 'rm -rf "$new"' EXIT

# For root, apt would download as a separate user, who may not write here.
apt() { (cd "$new" && apt-get --quiet=2 -o APT::Sandbox::User="$(id -un)" "$@"); }

# Container images come without package lists. New lists go into our directory: those of the system belong to root.
apt_with_lists() {
    apt -o Dir::State::Lists="$new/lists" -o Dir::Cache="$new/cache" -o Debug::NoLocking=1 "$@"
}

# The complaints of the first attempt do not matter if the second one succeeds.
if ! apt download "$package" 2> /dev/null; then
    mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
    apt_with_lists update && apt_with_lists download "$package" || missing "apt cannot download $package"
fi
dpkg-deb -x "$new/$package"_*.deb "$new/root" || missing "the package cannot be unpacked"
rm -rf "$peers/usr"
mv "$new/root/usr" "$peers/usr"
