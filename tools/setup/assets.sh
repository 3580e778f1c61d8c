#!/bin/sh
# Front-end files and document fonts: from npm, by the lock, into app/static/vendor (never committed).
set -eu
cd "$(dirname "$0")/../.."

state="$(cat package.json package-lock.json tools/setup/assets.py tools/setup/requirements-node.lock | sha256sum)"
[ "$(cat app/static/vendor/.stamp 2>/dev/null)" = "$state" ] && [ -f node_modules/axe-core/axe.min.js ] && exit 0

if ! command -v npm >/dev/null; then
    # PyPI brings node where the machine has none.
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r tools/setup/requirements-node.lock
    PATH="$PWD/.venv/bin:$PATH"
fi
echo "Installing front-end files"
NPM_CONFIG_UPDATE_NOTIFIER=false npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
.venv/bin/python tools/setup/assets.py
echo "$state" >app/static/vendor/.stamp
