#!/usr/bin/env bash
# Compile the hashed locks from pyproject.toml; pins that still fit stay. No lock names a host.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo "${TAYHO_CACHE:-$HOME/.cache/tayho}/uv/bin/uv")
compile() { # name of the lock, what asks, what it holds
    echo "locks: $1"
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links "${@:2}" --output-file "locks/$1.txt"
}
compile lake pyproject.toml --extra lake --group dev
compile image pyproject.toml --extra lake --constraints locks/lake.txt # the lake environment without the tools
compile airflow pyproject.toml --extra airflow
compile nlp pyproject.toml --extra nlp
compile uv - <<<"uv>=0.9" # what setup/environment.sh installs where there is none
