#!/bin/sh
# The virtual environment: `python.sh run` for the server, `python.sh test` for the tests on top.
# A stamp with the digest of the locks (and the place, which scripts in the environment name) makes it quick.
set -eu
cd "$(dirname "$0")/../.."

digest() { cat pyproject.toml tools/setup/requirements-uv.lock "$@" | sha256sum | cut -d' ' -f1; }
goal="${1:-run}"
run_state="$(digest requirements.lock) $PWD"
test_state="$(digest requirements.lock requirements-dev.lock) $PWD"
has() { [ "$(cat ".venv/.stamp-$1" 2>/dev/null)" = "$2" ]; }

# The test environment contains the server's.
has test "$test_state" && exit 0
[ "$goal" = run ] && has run "$run_state" && exit 0

if [ "$goal" = test ]; then lock=requirements-dev.lock state="$test_state"
else lock=requirements.lock state="$run_state"; fi
echo "Installing the Python packages of $lock"
if ! grep -qs "$PWD/.venv\$" .venv/pyvenv.cfg || ! .venv/bin/python -c '' 2>/dev/null; then
    "${PYTHON:-python3}" -m venv --clear .venv
fi
rm -f .venv/.stamp-*
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
    -r tools/setup/requirements-uv.lock
# Compiled once here: a start must not compile two thousand modules anew where nobody may write later.
.venv/bin/uv pip install -q --python .venv/bin/python --compile-bytecode --require-hashes -r "$lock"
# The project itself, in place; setuptools comes from the lock, so nothing unlocked is fetched.
.venv/bin/uv pip install -q --python .venv/bin/python --no-build-isolation --no-deps \
    --config-settings editable_mode=compat -e .
.venv/bin/python -m compileall -q seal_core evaluation onboarding app
echo "$state" >".venv/.stamp-$goal"
