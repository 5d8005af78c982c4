"""Give maths that SQL cannot say one Python face: native where it is built, its slow twin where not.

The twins in `reference.py` say what everything means; `_native` has the same names and gives the same bytes.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, Protocol, cast

import numpy as np
import structlog
from numpy.typing import NDArray

from spark_apps.errors import MissingTool
from spark_apps.kernels import reference
from spark_apps.kernels.layouts import Bytes, Ints
from spark_apps.kernels.reference_indicators import state_hash

__all__ = ["NATIVE", "BarFold", "IndicatorFold", "Kernels", "choose", "fold_bars", "indicator_outputs", "state_hash"]

logger = structlog.get_logger(__name__)

NATIVE = find_spec("spark_apps.kernels._native") is not None


class Kernels(Protocol):
    """Name what both implementations offer; each is a module, so it travels to Spark's workers by its name."""

    BarFold: type[reference.BarFold]
    CrossFold: type[reference.CrossFold]
    IndicatorFold: type[reference.IndicatorFold]
    indicator_outputs: Callable[[], list[tuple[str, int, int, int]]]
    quotes_of: Callable[[NDArray[np.int32], Ints, Ints, Ints, Bytes, int], Bytes]
    signals_of: Callable[
        [Sequence[bytes], NDArray[np.int32], NDArray[np.int32], Ints, NDArray[np.float64], int, int], Bytes
    ]
    fold_bars: Callable[[NDArray[np.int32], Ints, Ints, Ints, Ints, int], dict[str, NDArray[np.int32] | Ints]]
    bar_ends: Callable[[NDArray[np.int32], Ints, int], tuple[Ints, NDArray[np.uint8]]]
    cross_section: Callable[
        [NDArray[np.int32], Ints, Ints, Ints, int, int], dict[str, NDArray[np.int32] | NDArray[np.float64]]
    ]


def choose(mode: Literal["required", "preferred", "off"]) -> Kernels:
    """Give the kernels of the setting features.native_kernels; raise MissingTool when required and not built."""
    if mode == "off":
        return _load("reference")
    if not NATIVE and mode == "required":
        raise MissingTool(
            "spark_apps.kernels._native: not built, and features.native_kernels is 'required'. Install a C++17 "
            "compiler and run `make run`, or set TAYHO_FEATURES__NATIVE_KERNELS=preferred"
        )
    if not NATIVE:
        _warn()
    return _load("_native" if NATIVE else "reference")


@cache
def _warn() -> None:
    logger.warning("native_kernels_missing", answer="the slow Python twins", next_step="install a C++17 compiler")


def _load(name: str) -> Kernels:
    return cast("Kernels", import_module(f"spark_apps.kernels.{name}"))


_BEST = _load("_native" if NATIVE else "reference")
BarFold = _BEST.BarFold
IndicatorFold = _BEST.IndicatorFold
fold_bars = _BEST.fold_bars
indicator_outputs = _BEST.indicator_outputs
