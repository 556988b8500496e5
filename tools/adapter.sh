#!/bin/sh
# Makes sure that there is a graphics adapter for the native host: a card's, or Mesa's in software, with apt as root.
set -eu
for folder in /usr/share/vulkan/icd.d /etc/vulkan/icd.d; do
    [ -n "$(ls "$folder" 2>/dev/null)" ] && exit 0
done
case "$(uname -s)" in Linux) ;; *) exit 0 ;; esac
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers; } >/dev/null 2>&1 && exit 0
fi
echo "no graphics adapter was found; install a driver (Debian: apt install mesa-vulkan-drivers)" >&2
exit 1
