#!/bin/sh
# The database and the samples of the data folder: at the first start, and after a change of the schema.
set -eu
cd "$(dirname "$0")/../.."

data="${YINZHAO_DATA:-var}"
stamp="$data/.prepared"

# A database that was removed, or another address, must not count as prepared.
state() {
    { ls migrations/versions; echo "${DATABASE_URL:-}"; ls -i "$data/yinzhao.sqlite3" 2>/dev/null || :; } | sha256sum
}

[ "$(cat "$stamp" 2>/dev/null)" = "$(state)" ] && exit 0
mkdir -p "$data"
.venv/bin/yinzhao db upgrade
.venv/bin/yinzhao samples load
state >"$stamp"
