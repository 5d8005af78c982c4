#!/usr/bin/env bash
# Compile the hashed locks from pyproject.toml; pins that still fit stay. No lock names a host.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { # name of the lock, what it holds
    echo "locks: $1"
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links pyproject.toml --output-file "locks/$1.txt" "${@:2}"
}
compile lake --extra lake --group dev
compile image --extra lake --constraints locks/lake.txt # the lake environment without the tools
compile airflow --extra airflow
compile nlp --extra nlp
