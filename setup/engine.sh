#!/usr/bin/env bash
# Say what to do when containers cannot be started here.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v docker >/dev/null || ! docker compose version >/dev/null 2>&1 || ! docker info >/dev/null 2>&1; then
    echo "containers: no Docker engine with the compose plug-in answers. Install and start one, or use 'make run', which needs none." >&2
    exit 1
fi
if [ ! -f docker/.env ]; then
    echo "containers: docker/.env is missing. Copy docker/.env.example to docker/.env and fill in every value." >&2
    exit 1
fi
