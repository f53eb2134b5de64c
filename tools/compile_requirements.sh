#!/bin/sh
# Pin every dependency with its hashes. `uv` writes neither its command line nor any address into the lists.
set -eu
for name in requirements requirements-dev requirements-servers; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade "$name.in" -o "$name.txt"
done
