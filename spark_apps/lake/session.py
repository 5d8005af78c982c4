"""One Spark session, made in one place. What never changes while it runs stands in conf/spark/<profile>.conf."""

import logging
import os
import sys

from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from spark_apps.errors import MissingTool
from spark_apps.settings import Settings

# One class of each jar that set-up puts beside Spark's own and every application needs.
CLASSES_OF_JARS = {
    "org.apache.spark.sql.delta.catalog.DeltaCatalog": "delta-spark",
    "io.delta.storage.LogStore": "delta-storage",
    "org.apache.spark.sql.kafka010.KafkaSourceProvider": "spark-sql-kafka",
    "org.apache.spark.kafka010.KafkaConfigUpdater": "spark-token-provider-kafka",
    "org.apache.kafka.clients.consumer.KafkaConsumer": "kafka-clients",
    "org.apache.commons.pool2.ObjectPool": "commons-pool2",
    "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem": "hadoop-bare-naked-local-fs",
}


def session(settings: Settings, name: str) -> SparkSession:
    """Make or join the session of this process; raise MissingTool when Java or the lake's jars are missing."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        spark = SparkSession.builder.appName(name).getOrCreate()
    except Exception as error:
        if "JAVA_GATEWAY_EXITED" in str(error):
            raise MissingTool(
                "Spark could not start Java 17: install openjdk-17-jre-headless, see `tayho doctor`. Where it is there,"
                " the lines above say what stopped it"
            ) from error
        raise
    # What is wrong with a query is raised; here it would be printed too, with the JVM's hundred frames.
    PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    spark.sparkContext.setLogLevel("ERROR" if settings.log_level != "DEBUG" else "INFO")
    _refuse_missing_jars(spark)
    return spark


def _refuse_missing_jars(spark: SparkSession) -> None:
    """Say which jar is missing before Spark says it in forty lines."""
    loaders = spark.sparkContext._jvm.java.lang.Thread.currentThread().getContextClassLoader()  # type: ignore[union-attr]  # py4j
    for name, jar in CLASSES_OF_JARS.items():
        try:
            loaders.loadClass(name)
        except Exception as error:
            raise MissingTool(
                f"the jar of {jar} is not on Spark's class path: run `make run` or `make test` once"
            ) from error
