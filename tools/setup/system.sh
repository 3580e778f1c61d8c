#!/bin/sh
# Debian/Ubuntu packages: `system.sh run` for the server, `system.sh test` for the tests on top.
# Installs what is missing as root or through sudo; otherwise names it and stops.
set -eu

run="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig ca-certificates"
# libatomic1: the node inside playwright wants it and its package cannot say so.
test="chromium postgresql poppler-utils libreoffice-calc-nogui openssl fonts-noto-cjk libatomic1"

wanted="$run"
[ "${1:-run}" = test ] && wanted="$wanted $test"
# A Python of one's own (3.11 or newer, able to make environments) does as well as Debian's.
"${PYTHON:-python3}" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    wanted="$wanted python3 python3-venv"

if ! command -v dpkg-query >/dev/null; then
    echo "This system has no dpkg; install the counterparts of these Debian packages yourself: $wanted" >&2
    exit 0
fi

missing=""
present=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $wanted 2>/dev/null |
    sed -n 's/^ii *//p' | tr '\n' ' ')"
for package in $wanted; do
    case "$present" in *" $package "*) ;; *) missing="$missing $package" ;; esac
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo"
elif command -v sudo >/dev/null && [ -t 0 ]; then as_root="sudo"
else
    echo "Missing system packages; ask an administrator to run:  apt-get install$missing" >&2
    exit 1
fi
echo "Installing system packages:$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
