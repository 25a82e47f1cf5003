"""Kernels beside their twins under pytest-benchmark: equal first, then timed, on one BLAS thread."""

from __future__ import annotations

import os
import warnings

import pytest
from pytest_benchmark.logger import PytestBenchmarkWarning

# Before NumPy loads.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if config.getoption("dist", "no") != "no" or config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "Benchmarks do not run under pytest-xdist: processes that share a machine disturb each other's times, and "
            "pytest-benchmark drops its table. Leave out -n (or pass -n 0)."
        )
    # A first run has nothing saved to compare with: that is said, and not an error as warnings of the tests are.
    warnings.simplefilter("default", PytestBenchmarkWarning)
    config.addinivalue_line("filterwarnings", "default::pytest_benchmark.logger.PytestBenchmarkWarning")


def pytest_generate_tests(metafunc):
    if "timed" in metafunc.fixturenames:
        from benchmarks.kernels import SIZES

        # The sides of one kernel follow each other.
        metafunc.parametrize("name", metafunc.module.KERNELS)
        metafunc.parametrize("size", SIZES)
        metafunc.parametrize("side", ("panelvar", "twin"))


@pytest.fixture(scope="session")
def checked():
    """Twins made and found equal, by name and size; those of one case at a time are kept."""
    return {}


@pytest.fixture
def timed(request, benchmark, checked, name, size, side):
    """Time one side of one kernel."""

    def run():
        if (name, size) not in checked:
            twins = request.module.KERNELS[name](size)
            twins.check(f"{name}, {size}")
            checked.clear()
            checked[name, size] = twins
        twins = checked[name, size]
        benchmark.group = f"{name}, {size}, beside {twins.peer}"
        benchmark.extra_info.update(kernel=name, size=size, side=side)
        benchmark(twins.ours if side == "panelvar" else twins.theirs)

    return run
