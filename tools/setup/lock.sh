#!/bin/sh
# Writes the lock files again from the .in files. They carry hashes and no registry address.
set -eu
cd "$(dirname "$0")/../.."
lock() {
    .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-annotate --no-header "$@"
}
lock requirements.in -o requirements.lock
lock -c requirements.lock requirements-dev.in -o requirements-dev.lock
lock tools/setup/requirements-uv.in -o tools/setup/requirements-uv.lock
lock -c requirements-dev.lock tools/setup/requirements-fuzz.in -o tools/setup/requirements-fuzz.lock
lock tools/setup/requirements-node.in -o tools/setup/requirements-node.lock
npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved
