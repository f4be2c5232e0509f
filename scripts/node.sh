#!/bin/sh
# Prints what is wrong with node here; nothing where it is as new as frontend/package.json wants (`engines`).
command -v node >/dev/null && command -v npm >/dev/null || { echo "node and npm are not found"; exit; }
version=$(node --version)
numbers=${version#v}
major=${numbers%%.*}
rest=${numbers#*.}
minor=${rest%%.*}
[ "$major" -eq 20 ] && [ "$minor" -ge 19 ] && exit
[ "$major" -eq 22 ] && [ "$minor" -ge 12 ] && exit
[ "$major" -gt 22 ] && exit
echo "node $version is too old (20.19, 22.12 or newer is needed)"
