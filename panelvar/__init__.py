"""Panel data and vector autoregressions: estimators, tests and the kernels under them.

Everything public is reachable from here and is imported on first use, so that ``import panelvar`` costs NumPy alone.
The one list of it is ``__init__.pyi``, which type checkers and editors read too.
"""

from __future__ import annotations

from functools import cache

__version__ = "0.1.0"


@cache
def _modules() -> dict[str, str]:
    """Public name -> the module that defines it."""
    import re
    from pathlib import Path

    listed = Path(__file__).with_name("__init__.pyi").read_text(encoding="utf-8")
    return {name: module for module, name in re.findall(r"^from (\S+) import \(?\s*(\w+) as", listed, re.MULTILINE)}


def __getattr__(name: str) -> object:
    modules = _modules()
    if name == "__all__":
        return ["__version__", *modules]
    if name not in modules:
        from panelvar.core.base.elsewhere import unknown

        raise AttributeError(unknown(name, modules), name=name)
    from importlib import import_module

    value = getattr(import_module(modules[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(["__version__", *_modules()])
