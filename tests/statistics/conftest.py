import importlib

import pytest


@pytest.fixture
def rliable():
    """The module of rliable by that name; skipped where rliable is absent or does not import (arch 7 with pandas 3)."""

    def module(name):
        try:
            return importlib.import_module(f"rliable.{name}")
        except Exception as error:
            pytest.skip(f"rliable.{name} does not import here: {error}")

    return module
