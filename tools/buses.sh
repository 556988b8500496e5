#!/bin/sh
# Installs the servers that tests/server/test_cluster.py starts: NATS, Redis and nginx. Without them it skips, and says so.
set -eu
missing=""
for pair in nats-server:nats-server redis-server:redis-server nginx:nginx-light; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing"
    # Debian starts servers at once unless a policy says no; tests start their own.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null 2>&1 || {
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null 2>&1; } ||
        echo "note: not installed:$missing" >&2
    [ -z "${made:-}" ] || rm -f "$policy"
else
    echo "note: tests of several machines need$missing" >&2
fi
