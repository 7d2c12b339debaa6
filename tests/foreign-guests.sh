#!/bin/sh
# Builds the checks that are not written in Rust:   tests/foreign-guests.sh DIR
# The tools are installed next to the build, at the versions that tests/guests pins, from the registries that pip and
# npm are configured for. A module is rebuilt only if its sources, the contract or its tools changed: each takes 10 s.
set -eu
cd "$(dirname "$0")/.."
directory=$1
tools=${CARGO_TARGET_DIR:-target}/guest-tools
python=$tools/python javascript=$tools/javascript

fail() {
    echo "foreign-guests.sh: $*" >&2
    exit 1
}

# quietly COMMAND…: shows the output only if the command fails.
quietly() {
    "$@" > "$tools/log" 2>&1 || {
        tail -n 20 "$tools/log" >&2
        return 1
    }
}

# made_of NAME: a digest of everything that a module is made of.
made_of() {
    find "tests/guests/$1" wit tests/foreign-guests.sh -type f | LC_ALL=C sort | xargs sha256sum | sha256sum
}

# Builds from a copy, because Python leaves compiled files next to the sources that it reads.
build_python() {
    requirements=tests/guests/python/requirements.txt
    if ! cmp -s "$requirements" "$python/requirements.txt"; then
        command -v python3 > /dev/null || fail "no python3 found: the guest in Python needs Python 3 with venv and pip"
        quietly python3 -m venv --clear "$python" || fail "python3 cannot make a venv: the guest in Python needs one, with pip"
        quietly "$python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" ||
            fail "pip cannot install $(cat "$requirements")"
        cp "$requirements" "$python/"
    fi
    mkdir -p "$python/check"
    cp tests/guests/python/check.py "$python/check/"
    quietly "$python/bin/componentize-py" --quiet --wit-path wit --world check \
        componentize --python-path "$python/check" check --output "$1"
}

# Packages may not run scripts: none of these needs to.
build_javascript() {
    sources=tests/guests/javascript
    if ! cmp -s "$sources/package-lock.json" "$javascript/node_modules/installed"; then
        command -v npm > /dev/null || fail "no npm found: the guest in JavaScript needs Node.js 20 or newer, with npm"
        mkdir -p "$javascript"
        cp "$sources/package.json" "$sources/package-lock.json" "$javascript/"
        quietly npm ci --prefix "$javascript" --ignore-scripts --no-audit --no-fund ||
            fail "npm cannot install what $sources/package-lock.json lists"
        cp "$sources/package-lock.json" "$javascript/node_modules/installed"
    fi
    quietly node "$javascript/node_modules/.bin/componentize-js" "$sources/check.js" --wit wit --world-name check \
        --disable stdio random clocks http fetch-event --out "$1"
}

mkdir -p "$tools" "$directory"
for name in python javascript; do
    digest=$(made_of "$name")
    stamp=$tools/$name.made-of
    # The stamp includes the module, because the directory may differ from last time.
    if [ -e "$directory/$name.wasm" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$digest $(sha256sum < "$directory/$name.wasm")" ]; then
        continue
    fi
    echo "building $directory/$name.wasm"
    "build_$name" "$tools/$name.wasm" || fail "cannot build a check from tests/guests/$name"
    mv "$tools/$name.wasm" "$directory/$name.wasm"
    echo "$digest $(sha256sum < "$directory/$name.wasm")" > "$stamp"
done
