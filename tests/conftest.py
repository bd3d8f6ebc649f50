"""How all tests run."""

from __future__ import annotations

import os

import one_run
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

# A slow machine is no failure of an example.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure(config):
    """Give BLAS one thread in tests and kernels, as binder/start does, and run each notebook once.

    Beside other work a second thread of BLAS waits more than it computes: lesson 01 takes two and a half times the
    processor time with it.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    threadpool_limits(1)
    config.pluginmanager.register(one_run)  # a hook of this folder would not be called for notebooks
