"""Gather the twins: every kernel in plain Python and NumPy, under the names of the native module."""

from spark_apps.kernels.reference_activity import bar_ends
from spark_apps.kernels.reference_bars import BarFold
from spark_apps.kernels.reference_cross_fold import CrossFold
from spark_apps.kernels.reference_cross_section import cross_section
from spark_apps.kernels.reference_fold_bars import fold_bars
from spark_apps.kernels.reference_indicators import IndicatorFold, indicator_outputs
from spark_apps.kernels.reference_session_quotes import quotes_of
from spark_apps.kernels.reference_signals import signals_of

__all__ = [
    "BarFold",
    "CrossFold",
    "IndicatorFold",
    "bar_ends",
    "cross_section",
    "fold_bars",
    "indicator_outputs",
    "quotes_of",
    "signals_of",
]
