#!/bin/sh
# The browser tests drive a real Chromium. As root on Debian or Ubuntu, install it when none is found; else say so.
set -eu
for name in "${CPTS_CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installation de Chromium pour les essais dans un vrai navigateur…" >&2
    apt-get update -qq || true
    for package in chromium-headless-shell chromium; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 && exit 0
    done
fi
if [ "${CI:-}" = true ]; then
    echo "Aucun navigateur trouvé, et CI=true : les essais dans un vrai navigateur sont obligatoires." >&2
    exit 1
fi
echo "Aucun navigateur trouvé : les essais dans un vrai navigateur seront passés (sudo apt install chromium-headless-shell)." >&2
