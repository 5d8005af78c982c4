#!/usr/bin/env bash
# Make .venv/<name> hold exactly what locks/<name>.txt names: first from uv's cache, without a network, then with one.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1 lock="locks/$1.txt" folder=".venv/$1"

need() { # program, how to mend
    command -v "$1" >/dev/null || { echo "set-up: $1 is not on PATH. $2" >&2; exit 1; }
}
need git "Install git with the system's package manager."
need java "Install a Java 17 runtime (Debian: openjdk-17-jre-headless) and start again."
java_version=$({ java -version 2>&1 || true; } | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)
if [ "${java_version:-0}" -lt 17 ]; then
    echo "set-up: java is version ${java_version:-unknown}, Spark needs 17 or later. Install one (Debian: openjdk-17-jre-headless)." >&2
    exit 1
fi

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    # In the cache, so that the next clone finds it without a network.
    uv_home="${TAYHO_CACHE:-$HOME/.cache/tayho}/uv"
    uv="$uv_home/bin/uv"
    if [ ! -x "$uv" ]; then
        need python3 "Install Python 3.11 with its venv module (Debian: python3 python3-venv)."
        echo "set-up: uv is not on PATH; installing it into $uv_home"
        python3 -m venv "$uv_home"
        "$uv_home/bin/pip" install --quiet --require-hashes --requirement locks/uv.txt
    fi
fi

echo "set-up: environment $name from $lock"
[ -x "$folder/bin/python" ] || "$uv" venv --quiet --no-project --python 3.11 "$folder"
sync() { "$uv" pip sync --python "$folder/bin/python" --require-hashes "$@" "$lock"; }
if ! sync --offline --quiet 2>/dev/null; then
    echo "set-up: uv's cache does not hold all of $lock; downloading (the first time takes minutes)"
    sync || { echo "set-up: $lock could not be installed. With a network, run the command again: it goes on where it stopped." >&2; exit 1; }
fi
