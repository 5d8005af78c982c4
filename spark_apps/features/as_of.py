"""Join each row with what was known by then: the last row of another frame that was there at its time."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

DAY = 86_400_000_000_000
OFFERED, ASKING = 0, 1


def join_as_of(
    rows: DataFrame,
    known: DataFrame,
    *,
    by: Sequence[str],
    at: str,
    known_at: str,
    ties: Sequence[str],
    name: str,
    tolerance: int | None = None,
    slice_width: int = DAY,
) -> DataFrame:
    """Give each row the last row of `known` with the same keys and `known_at` <= `at`, as a struct called `name`.

    Grain: one row per row of `rows`, its columns first; the struct is null where nothing was known. Of several rows
    known at one time the one with the highest `ties` counts: these must tell any two apart, and none may be null.
    One older than `tolerance` is as none. Null keys and null times match nothing.
    Both times are BIGINT nanoseconds. Time is cut into slices, and each opens with the last place of the slices before
    it: so a busy instrument is the work of many tasks, and a task sorts no more than `slice_width` nanoseconds of it.
    Only the place of a known row, its time and ties, goes through the search; its columns come by one join at the end.
    """
    keys = [f"key_{number}" for number in range(len(by))]
    asking = _sides(rows, by, at, "row", slice_width).withColumn("side", F.lit(ASKING))
    whole = _sides(known, by, known_at, "known", slice_width).dropna(subset=[*keys, "time"])
    whole = whole.withColumn("place", F.struct("time", *(F.col(f"known.{column}") for column in ties)))
    offered = whole.drop("known").withColumn("side", F.lit(OFFERED))
    until_now = (
        Window.partitionBy(*keys, "slice")
        .orderBy("time", "side")
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    place = F.max("place").over(until_now)
    found = (
        asking.unionByName(offered, allowMissingColumns=True)
        .unionByName(_openings(asking, offered, keys), allowMissingColumns=True)
        .withColumn("place", place)
        .where(F.col("side") == ASKING)
    )
    if tolerance is not None:
        is_fresh = F.col("time") - F.col("place.time") <= tolerance
        found = found.withColumn("place", F.when(is_fresh, F.col("place")))
    return (
        found.select(*keys, "place", "row")
        .join(whole.select(*keys, "place", "known").hint("shuffle_hash"), on=[*keys, "place"], how="left")
        .select("row.*", F.col("known").alias(name))
    )


def _sides(frame: DataFrame, by: Sequence[str], time: str, name: str, slice_width: int) -> DataFrame:
    """Put keys, time and slice beside the whole row: no column of either side can meet one of the other's name."""
    return frame.select(
        *[F.col(key).alias(f"key_{number}") for number, key in enumerate(by)],
        F.col(time).alias("time"),
        (F.col(time) - F.pmod(F.col(time), F.lit(slice_width))).alias("slice"),
        F.struct(*[F.col(column) for column in frame.columns]).alias(name),
    )


def _openings(asking: DataFrame, offered: DataFrame, keys: Sequence[str]) -> DataFrame:
    """Give each slice that asks the last place in the slices before it; its null time sorts first."""
    closings = offered.groupBy(*keys, "slice").agg(F.max("place").alias("place"))
    earlier = Window.partitionBy(*keys).orderBy("slice").rangeBetween(Window.unboundedPreceding, -1)
    return (
        asking.select(*keys, "slice")
        .distinct()
        .unionByName(closings, allowMissingColumns=True)
        .withColumn("opened", F.max("place").over(earlier))
        .where(F.col("place").isNull() & F.col("opened").isNotNull())
        .select(*keys, "slice", F.col("opened").alias("place"))
    )
