#!/usr/bin/env bash
# What the tests need besides Python packages: mail parsers, axe-core and GitHub's webhooks from npm, a Chromium, SpamAssassin.
set -euo pipefail
cd "$(dirname "$0")"
trouble=$(../scripts/node.sh)
if [ -n "$trouble" ]; then
  echo "$trouble. The tests that need it will be skipped." >&2
  [ -z "${CI:-}" ]
else
  for folder in mime_readers browser webhooks; do
    if [ ! -d $folder/node_modules ] || [ $folder/package-lock.json -nt $folder/node_modules ]; then
      (cd $folder && npm ci --silent --no-audit --no-fund && touch node_modules)
    fi
  done
fi
missing=()
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v spamassassin >/dev/null || missing+=(spamassassin)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
  else
    echo "Not found: ${missing[*]}. The tests that need them will be skipped (on Debian: apt-get install ${missing[*]})." >&2
  fi
fi
