#!/usr/bin/env bash
# Fetch the jars that jars/ivy.xml locks, check them against jars/SHA256SUMS, put them into jars/lake and jars/broker.
# The cache (TAYHO_CACHE, else ~/.cache/tayho) serves every clone on the machine, without a network.
set -euo pipefail
cd "$(dirname "$0")/.."
sums="$PWD/jars/SHA256SUMS"
cache="${TAYHO_CACHE:-$HOME/.cache/tayho}"
mkdir -p "$cache/jars"

whole() { (cd "$cache/jars" && sha256sum --check --quiet --strict "$sums" 2>&1); }

if ! whole >/dev/null; then
    echo "set-up: fetching $(wc -l <"$sums") jars into the cache (about 65 MB)"
    ivy=$(ls .venv/lake/lib/python3.11/site-packages/pyspark/jars/ivy-*.jar)
    java -jar "$ivy" -settings jars/ivysettings.xml -ivy jars/ivy.xml -cache "$cache/ivy" -confs lake broker \
        -retrieve "$cache/jars/[conf]/[artifact]-[revision].[ext]" -overwriteMode always >"$cache/ivy.log" 2>&1 ||
        { tail -n 20 "$cache/ivy.log" >&2; echo "set-up: Ivy could not fetch every jar of jars/ivy.xml; its log is $cache/ivy.log" >&2; exit 1; }
    rm -rf "$cache/ivy"
fi
if ! broken=$(whole); then
    echo "$broken" >&2
    echo "set-up: the jars above are missing or differ from jars/SHA256SUMS. Delete them from $cache and run the command again." >&2
    exit 1
fi
echo "set-up: $(wc -l <"$sums") jars match jars/SHA256SUMS"
rm -rf jars/lake jars/broker
mkdir -p jars/lake jars/broker
while read -r _ path; do
    cp --link "$cache/jars/$path" "jars/$path" 2>/dev/null || cp "$cache/jars/$path" "jars/$path" # another disk
done <"$sums"
