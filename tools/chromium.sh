#!/bin/sh
# Makes sure that there is a Chromium for the browser tests: LAYERW_CHROMIUM, the installed one, or apt's as root.
set -eu
if [ -n "${LAYERW_CHROMIUM:-}" ]; then
    [ -x "$LAYERW_CHROMIUM" ] && exit 0
    echo "error: LAYERW_CHROMIUM names $LAYERW_CHROMIUM, which is not an executable file." >&2
    exit 1
fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium with apt"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null && exit 0
fi
echo "error: no Chromium was found; install one (Debian: apt install chromium) or set LAYERW_CHROMIUM to its path." >&2
exit 1
