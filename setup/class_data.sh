#!/usr/bin/env bash
# Write the classes of Spark's jars, parsed and verified, into one file that each Java process of ours maps: a command
# then starts in two thirds of the time. docs/adr/ says why. Without the file, or where it fits no more, Java reads jars.
set -euo pipefail
cd "$(dirname "$0")/.."
environment="$PWD/.venv/lake"
spark=$("$environment/bin/python" -c 'import pyspark; print(pyspark.__path__[0])')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo "set-up: classes of Spark's jars into one file (half a minute)"
rm -f "$environment/spark.jsa"
cd "$scratch"
# No folder may stand on the class path of the process that writes the file, so spark-submit cannot start it.
SPARK_HOME=$spark PYSPARK_PYTHON="$environment/bin/python" PYTHONPATH="$spark/.." \
    java -cp "$spark/jars/*" -XX:ArchiveClassesAtExit="$environment/spark.jsa" -Xlog:disable -Xmx1g -Xss4m \
    -XX:TieredStopAtLevel=1 -Dlog4j2.level=error -Dio.netty.tryReflectionSetAccessible=true \
    --add-opens=java.base/{java.lang,java.lang.invoke,java.net,java.nio,java.util,java.util.concurrent,sun.nio.ch,sun.util.calendar}=ALL-UNNAMED \
    org.apache.spark.deploy.SparkSubmit --properties-file "$spark/conf/spark-defaults.conf" \
    "$OLDPWD/setup/class_data.py" "$scratch" >"$scratch/log" 2>&1 ||
    { tail -n 20 "$scratch/log" >&2; echo "set-up: Spark could not run setup/class_data.py; the lines above say why." >&2; exit 1; }
