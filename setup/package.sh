#!/usr/bin/env bash
# Put the lake jars, Spark's defaults, the workers' import path and the package itself into an environment.
# setup/package.sh                 the lake environment: local profile, package editable
# setup/package.sh image prod      another environment of the same Python: its profile, package as a wheel
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:-lake} profile=${2:-local}
python=".venv/$environment/bin/python"
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
uv=$(command -v uv || echo "${TAYHO_CACHE:-$HOME/.cache/tayho}/uv/bin/uv")

echo "set-up: jars, spark-defaults.conf and worker path into the $environment environment"
# What is there stays: a link made again may stand elsewhere on the class path, which spark.jsa fits.
find "$site/pyspark/jars" -xtype l -delete
for jar in "$PWD"/jars/lake/*.jar; do
    link="$site/pyspark/jars/${jar##*/}"
    [ "$(readlink "$link" || true)" = "$jar" ] || ln -sfn "$jar" "$link"
done
mkdir -p "$site/pyspark/conf"
cp "conf/spark/$profile.conf" "$site/pyspark/conf/spark-defaults.conf"
[ "$environment" != lake ] || setup/class_data.sh named
cp conf/spark/log4j2.properties "$site/pyspark/conf/log4j2.properties"
cp conf/spark/worker_path.pth "$site/tayho_worker_path.pth"

export PATH="$PWD/.venv/lake/bin:$PATH" # cmake and ninja
into() { "$uv" pip install --quiet --offline --python "$python" --no-deps "$@"; }

has_compiler=$(command -v "${CXX:-c++}" || true)
if [ -z "$has_compiler" ]; then
    echo "set-up: tayho without C++ kernels: no compiler found, the NumPy twins answer (Debian: apt-get install g++)"
else
    echo "set-up: tayho with its C++ kernels"
fi
if [ "$environment" != lake ]; then
    "$uv" build --quiet --offline --python .venv/lake/bin/python --no-build-isolation --wheel --out-dir build/wheel \
        --config-settings "wheel.cmake=$([ -n "$has_compiler" ] && echo true || echo false)"
    into build/wheel/tayho-*.whl
    exit
fi
rm -f spark_apps/kernels/_native*.so
if [ -n "$has_compiler" ]; then
    cmake -S cpp_udfs -B build/cmake -G Ninja --log-level=ERROR -DCMAKE_BUILD_TYPE=Release \
        -DPython_EXECUTABLE="$PWD/$python" -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)"
    cmake --build build/cmake
    cmake --install build/cmake --prefix . >/dev/null
fi
into --no-build-isolation --editable .
