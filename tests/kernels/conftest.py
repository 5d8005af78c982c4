"""Run every example through the twin and through the native kernels."""

import pytest

from spark_apps.kernels import Kernels
from spark_apps.kernels.reference_bars import BarFold
from tests.kernels.session import IMPLEMENTATIONS, PARAMETERS


@pytest.fixture(params=IMPLEMENTATIONS, ids=lambda kernels: kernels.__name__.rpartition(".")[2])
def kernels(request: pytest.FixtureRequest) -> Kernels:
    """Give one implementation after the other."""
    chosen: Kernels = request.param
    return chosen


@pytest.fixture
def fold(kernels: Kernels) -> BarFold:
    """Give an empty fold of minute bars, ten seconds of lateness."""
    return kernels.BarFold(*PARAMETERS)
