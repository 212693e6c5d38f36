"""Imports benchmarks, which are scripts and import their neighbours by name."""

import importlib
import sys
from types import ModuleType

from absl import flags

from tests import paths

FOLDER = paths.ROOT / "benchmarks"


def load(name: str) -> ModuleType:
    """Imports a benchmark; its flags go, since others define flags of the same name."""
    sys.path.insert(0, str(FOLDER))
    try:
        module = importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))
    for flag in list(flags.FLAGS):
        if flags.FLAGS.find_module_defining_flag(flag) == name:
            delattr(flags.FLAGS, flag)
    return module
