"""`make check` is part of the tests: format, lint, types, import contract, security, secrets."""

import pytest

from setup.check import CHECKS, run


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_passes(name: str) -> None:
    result = run(name)
    assert result.returncode == 0, result.stdout + result.stderr
