"""Run by every Python child of the tests as it starts: their PYTHONPATH names this folder."""

from importlib import import_module

import_module("route_guard").install_from_environment()
