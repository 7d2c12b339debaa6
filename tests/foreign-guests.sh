#!/bin/sh
# Builds the checks that are not written in Rust:   tests/foreign-guests.sh DIR
# The tools are installed next to the build, at the versions that tests/guests pins, from the registries that pip, npm and
# cargo are configured for. A module is rebuilt only if its sources, the contract or its tools changed: each takes 10 s.
set -eu
cd "$(dirname "$0")/.."
directory=$1
mkdir -p "$directory" "${CARGO_TARGET_DIR:-target}/guest-tools"
tools=$(cd "${CARGO_TARGET_DIR:-target}/guest-tools" && pwd)
bindings=$tools/bindings
wit_bindgen_version=0.63.0

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

# from_pip NAME: installs the tools that tests/guests/NAME/requirements.txt lists.
from_pip() {
    requirements=tests/guests/$1/requirements.txt
    cmp -s "$requirements" "$tools/$1/requirements.txt" && return
    command -v python3 > /dev/null || fail "no python3 found: the guest in $1 needs Python 3 with venv and pip"
    quietly python3 -m venv --clear "$tools/$1" || fail "python3 cannot make a venv: the guest in $1 needs one, with pip"
    quietly "$tools/$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements" ||
        fail "pip cannot install what $requirements lists"
    cp "$requirements" "$tools/$1/"
}

# Packages may not run scripts: none of these needs to.
from_npm() {
    sources=tests/guests/javascript modules=$tools/javascript/node_modules
    cmp -s "$sources/package-lock.json" "$modules/installed" && return
    command -v npm > /dev/null || fail "no npm found: the guests in JavaScript and Go need Node.js 20 or newer, with npm"
    mkdir -p "$tools/javascript"
    cp "$sources/package.json" "$sources/package-lock.json" "$tools/javascript/"
    quietly npm ci --prefix "$tools/javascript" --ignore-scripts --no-audit --no-fund ||
        fail "npm cannot install what $sources/package-lock.json lists"
    cp "$sources/package-lock.json" "$modules/installed"
}

# Without optimization it is built in half of the time, and generates as fast as anybody can tell.
from_cargo() {
    [ "$("$bindings/bin/wit-bindgen" --version 2> /dev/null)" = "wit-bindgen-cli $wit_bindgen_version" ] && return
    echo "building wit-bindgen-cli $wit_bindgen_version"
    quietly cargo install --quiet --locked --debug --force --root "$bindings" --version "=$wit_bindgen_version" \
        --no-default-features --features c,go wit-bindgen-cli || fail "cargo cannot install wit-bindgen-cli"
}

# Builds from a copy, because Python leaves compiled files next to the sources that it reads.
build_python() {
    from_pip python
    mkdir -p "$tools/python/check"
    cp tests/guests/python/check.py "$tools/python/check/"
    quietly "$tools/python/bin/componentize-py" --quiet --wit-path wit --world check \
        componentize --python-path "$tools/python/check" check --output "$1"
}

build_javascript() {
    from_npm
    quietly node "$tools/javascript/node_modules/.bin/componentize-js" tests/guests/javascript/check.js --wit wit \
        --world-name check --disable stdio random clocks http fetch-event --out "$1"
}

# The stack is 16 MiB unless its size is given. The variant c-stdio uses the part of the C library that calls WASI.
build_c() {
    from_pip c
    from_cargo
    generated=$tools/c/generated
    define=$([ "$2" = c ] || echo -DSTDIO)
    quietly "$bindings/bin/wit-bindgen" c wit --world check --rename checkpost:check/types@0.1.0=types \
        --out-dir "$generated" || return
    # shellcheck disable=SC2086 # No option if there is none to define.
    ZIG_GLOBAL_CACHE_DIR=$tools/c/cache quietly "$tools/c/bin/python-zig" cc --target=wasm32-wasi -mexec-model=reactor \
        -Wl,-z,stack-size=131072 -Oz -s -Wall -Wextra -Werror $define -I"$generated" "$generated/check.c" "$generated/check_component_type.o" \
        tests/guests/c/filesystems.c -o "$1"
}

# Nothing is fetched for the build: what the generated code imports is in `pkg`.
build_go() {
    from_pip go
    from_npm
    from_cargo
    generated=$tools/go/generated
    rm -rf "$generated"
    quietly "$bindings/bin/wit-bindgen" go wit --world check --out-dir "$generated" || return
    mkdir "$generated/export_wit_world"
    cp tests/guests/go/filesystems.go "$generated/export_wit_world/"
    cp -r tests/guests/go/pkg "$generated/"
    export GOCACHE="$tools/go/cache" GOPROXY=off GOTOOLCHAIN=local
    quietly "$tools/go/bin/go" mod edit -C "$generated" -replace go.bytecodealliance.org/pkg=./pkg || return
    GOOS=wasip1 GOARCH=wasm quietly "$tools/go/bin/go" build -C "$generated" -buildmode=c-shared -buildvcs=false -trimpath \
        -ldflags="-s -w" -o "$generated/check.wasm" || return
    quietly node "$tools/javascript/node_modules/.bin/jco" embed "$generated/check.wasm" --wit wit --world-name check \
        --output "$1"
}

for name in python javascript c c-stdio go; do
    language=${name%-*}
    digest=$(made_of "$language")
    stamp=$tools/$name.made-of
    # The stamp includes the module, because the directory may differ from last time.
    if [ -e "$directory/$name.wasm" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$digest $(sha256sum < "$directory/$name.wasm")" ]; then
        continue
    fi
    echo "building $directory/$name.wasm"
    "build_$language" "$tools/$name.wasm" "$name" || fail "cannot build a check from tests/guests/$language"
    mv "$tools/$name.wasm" "$directory/$name.wasm"
    echo "$digest $(sha256sum < "$directory/$name.wasm")" > "$stamp"
done
