#!/usr/bin/env bash
# What the tests need besides Python packages: mail parsers and axe-core from npm, and a Chromium.
set -euo pipefail
cd "$(dirname "$0")"
for folder in mime_readers browser; do
  if [ ! -d $folder/node_modules ] || [ $folder/package-lock.json -nt $folder/node_modules ]; then
    (cd $folder && npm ci --silent --no-audit --no-fund && touch node_modules)
  fi
done
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq chromium >/dev/null
  else
    echo "No Chromium found: the browser tests will be skipped (on Debian: apt-get install chromium)." >&2
  fi
fi
