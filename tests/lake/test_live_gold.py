"""The sink of the live tables, handed micro-batches without a broker."""

import numpy as np
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from structlog.testing import capture_logs

from spark_apps.kernels.layouts import TRADE_OUT, VERSION, Kind
from spark_apps.kernels.records import encode
from spark_apps.lake.live_fold import STAMPS
from spark_apps.lake.live_gold import GoldSink
from spark_apps.lake.location import location
from spark_apps.lake.marks import Marks
from spark_apps.lake.provenance import Provenance
from spark_apps.lake.reading import row_count
from spark_apps.settings import Settings
from spark_apps.tables.live import BARS_1M_LIVE, DUPLICATES_LIVE
from tests.kernels.session import OPEN


def sink_of(settings: Settings) -> GoldSink:
    return GoldSink("output", "id", Marks(settings, "gold", Provenance("live", None, None, {}, "", code="test")))


def duplicate(offset: int) -> bytes:
    row = np.zeros(1, TRADE_OUT)
    row["generation"], row["input_offset"] = 1, offset
    return encode(Kind.DUPLICATE, row)


@pytest.mark.parametrize("strange", [b"no output of any fold", b"", None, OPEN, bytes([16, VERSION + 1]) + bytes(110)])
def test_a_record_that_is_no_output_is_named_and_left_out_and_what_follows_is_taken_in(
    spark: SparkSession, settings: Settings, strange: bytes | None
) -> None:
    values = [duplicate(1), strange, duplicate(2)]
    keys = [np.array((5, 6), STAMPS).tobytes(), None, b"no clocks"]
    rows = [(0, 40 + place, key, value) for place, (key, value) in enumerate(zip(keys, values, strict=True))]
    records = spark.createDataFrame(rows, "partition INT, offset BIGINT, key BINARY, value BINARY")
    with capture_logs() as logs:
        sink_of(settings).write(records.withColumn("timestamp", F.timestamp_seconds(F.lit(0))), 0)
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert (line["topic"], line["partition"], line["offset"]) == ("output", 0, 41)
    held = DeltaTable(str(location(DUPLICATES_LIVE, settings))).to_pyarrow_table().sort_by("input_offset")
    assert [held[name].to_pylist() for name in ("caused_at", "folded_at")] == [[5, None], [6, None]]
    assert sink_of(settings).begin([0]) == {"output": {0: 43}}
    assert row_count(BARS_1M_LIVE, settings) == 0
