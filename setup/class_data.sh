#!/usr/bin/env bash
# Write the classes of Spark's jars, parsed and verified, into one file that each Java process of ours maps: a command
# then starts in two thirds of the time (docs/adr/0026). Nothing needs it: where it cannot be made, Java reads the jars.
# setup/class_data.sh          make it, and name it in Spark's settings
# setup/class_data.sh named    only name it there, where it has been made
set -euo pipefail
cd "$(dirname "$0")/.."
environment="$PWD/.venv/lake"
archive="$environment/spark.jsa"
spark=$("$environment/bin/python" -c 'import pyspark; print(pyspark.__path__[0])')
defaults="$spark/conf/spark-defaults.conf"

name() { # Java does without its own such file, too, where one that is named is not there
    if [ -s "$archive" ] && ! grep -q -F -- "-XX:SharedArchiveFile" "$defaults"; then
        cat >>"$defaults" <<CLASSES

spark.driver.extraClassPath                               $spark/jars/*
spark.driver.defaultJavaOptions                           -Xlog:cds=off -Xlog:cds+dynamic=off -XX:SharedArchiveFile="$archive"
CLASSES
    fi
}
if [ "${1:-}" = named ]; then
    name
    exit
fi

scratch=$(mktemp -d)
draft="$environment/.spark.jsa.$$"
trap 'rm -rf "$scratch" "$draft"' EXIT
echo "set-up: classes of Spark's jars into one file (half a minute)"
opens=()
for package in java.{lang,lang.invoke,net,nio,util,util.concurrent} sun.{nio.ch,util.calendar}; do
    opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
# No folder may stand on the class path of the process that writes the file, so spark-submit cannot start it. It writes
# as it ends, however it ends.
if (
    program="$PWD/setup/class_data.py"
    cd "$scratch"
    SPARK_HOME=$spark PYSPARK_PYTHON="$environment/bin/python" PYTHONPATH="$spark/.." \
        "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$spark/jars/*" -XX:ArchiveClassesAtExit="$draft" -Xlog:disable \
        -Xmx1g -Xss4m -XX:TieredStopAtLevel=1 -Dlog4j2.level=error "${opens[@]}" \
        org.apache.spark.deploy.SparkSubmit --properties-file "$defaults" "$program" "$scratch" >"$scratch/log" 2>&1
) && [ -s "$draft" ]; then
    mv -f "$draft" "$archive"
    name
else
    tail -n 5 "$scratch/log" >&2
    echo "set-up: that did not work; the lines above say why. All runs without it, and starts slower." >&2
fi
