#!/bin/sh
# Makes sure that there are Firefox, WebKitGTK's driver and a display in software for tests/browser/test_other_browsers.py:
# the installed ones, or apt's as root. Where neither works those tests skip and say what is missing.
set -eu
missing=""
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="firefox-esr"
command -v WebKitWebDriver >/dev/null || missing="$missing webkit2gtk-driver"
command -v Xvfb >/dev/null || missing="$missing xvfb"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$(printf ' %s' $missing) with apt"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/dev/null && exit 0
fi
echo "note: without$(printf ' %s' $missing) the tests of other browsers are skipped." >&2
