"""The house rules, read off the source: which room imports which, what may be imported when, what is public."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "panelvar"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Wings, and inside a wing the steps of its rooms: imports point up this list only, and rooms of one step do not import
# one another.
ORDER = {
    "core": [{"base"}, {"faces"}, {"tables"}],
    "kernels": [{"linear", "dynamics"}, {"absorption"}],
    "data": [{"sources", "datasets"}, {"calendar", "chunks"}, {"panel"}, {"formulas"}, {"streams"}],
    "estimates": [{"bands", "fit", "sensitivity", "sizes"}, {"covariance"}, {"coefficients"}],
    "panels": [
        {"static"},
        {"dynamic", "gls", "heterogeneous", "instruments"},
        {"bias_corrected", "random_effects"},
        {"batches", "diagnostics"},
        {"few_clusters", "treatments"},
        {"decompositions"},
    ],
    "systems": [
        {"identification"},
        {"responses"},
        {"var"},
        {"batches", "panel_var", "projections"},
        {"diagnostics"},
    ],
    "nonstationary": [
        {"error_correction_panels", "unit_roots"},
        {"cointegration", "panel_series"},
        {"panel_unit_roots", "relations"},
        {"panel_cointegration"},
    ],
    "reporting": [{"canvas", "comparison"}, {"plots_of_panels", "plots_of_systems"}],
}
WINGS = list(ORDER)
STEP = {
    f"{wing}.{room}": (place, step)
    for place, (wing, steps) in enumerate(ORDER.items())
    for step, rooms in enumerate(steps)
    for room in rooms
} | {"__init__": (len(ORDER), 0)}
PICTURES = {"reporting.plots_of_panels", "reporting.plots_of_systems"}
MOST_ROOMS = 14
MOST_FILES = 20
MOST_ANCESTORS = 5
# Classes with more of the package's classes above them.
MOST_PARAMETERS = 12
# Functions with more of them, how many, and why.
MANY_PARAMETERS = {
    "kao_test": (13, "as pedroni_test"),
    "panel_cointegration_table": (13, "draws of Westerlund's test beside the options of all"),
    "panic_test": (13, "factors, lags and long-run variances each have options"),
    "pedroni_test": (16, "as llc_test, and rows of several variables"),
    "saikkonen_luetkepohl_test": (13, "lags and factors each have options"),
    "westerlund_test": (18, "lags, leads and draws beside the options of a panel"),
    "fit_callaway_santanna": (13, "controls, periods, regressors and gaps each have an option"),
    "fit_fgls": (15, "as Stata's xtgls: every way that errors are correlated is an option"),
    "fit_ardl_mean_group": (13, "orders of lags beside the options of a panel"),
    "fit_panel_var": (15, "least squares and moments each have options, beside those of a panel"),
    "fit_pooled_mean_group": (17, "the search for long-run coefficients has options of its own"),
    "fit_iv_between": (14, "three lists of columns beside the options of a panel"),
    "plot_binned": (14, "what is drawn, and where, in one call"),
    "fit_iv_pooled": (13, "three lists of columns beside the options of a panel"),
    "fit_iv_fixed_effects": (14, "three lists of columns beside the options of a panel"),
    "fit_iv_random_effects": (14, "three lists of columns beside the options of a panel"),
    "fit_local_projections": (25, "columns, shocks, errors and bands in one call: no result stands between"),
    "fit_panel_local_projections": (19, "columns, shocks, errors and bands in one call: no result stands between"),
    "fisher_test": (15, "the options of two tests of each entity"),
    "fit_arellano_bond": (16, "which moments, which weights and which errors, beside the options of a panel"),
    "fit_blundell_bond": (16, "which moments, which weights and which errors, beside the options of a panel"),
    "fit_ccr": (16, "long-run covariances and pooling have options, beside those of a panel"),
    "compare": (16, "what a printed table has: a head, coefficients, rows, names, signs, groups, notes"),
    "fit_dols": (18, "leads and lags, beside the options of long-run variances, of pooling and of a panel"),
    "fit_fmols": (16, "long-run covariances and pooling have options, beside those of a panel"),
    "llc_test": (14, "lags and long-run variances each have options"),
    "simes_test": (14, "the options of two tests of each entity"),
    "evaluate_forecasts": (14, "as fit_rolling_var, and what forecasts are held against"),
    "fit_restricted_var": (14, "how restrictions are found, beside the options of fit_var"),
    "plot_coefficients": (16, "which coefficients, which intervals, and where and how they are drawn"),
}
HEAVY = {
    "scipy",
    "pandas",
    "matplotlib",
    "formulaic",
    "polars",
    "pyarrow",
    "dask",
    "duckdb",
    "tqdm",
    "openpyxl",
    "docx",
}
LIGHT = set(sys.stdlib_module_names) | {"numpy", "panelvar"}


def room(path: Path) -> str:
    """The room a file belongs to, as "wing.room"; the package's own ``__init__`` is one too."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:2]) if len(parts) > 2 else parts[0]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(path: Path):
    """Yield (module, line, when) of every import.

    ``when`` is "load", "types" (for the type checker), "call", or "plot" (inside a
    function whose name begins so).
    """

    def visit(node: ast.AST, when: str):
        for child in ast.iter_child_nodes(node):
            inside = when
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                inside = "plot" if getattr(child, "name", "").startswith("plot") else "call"
            elif is_type_checking(child):
                inside = "types"
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, child.lineno, when
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}:{child.lineno}: relative import"
                yield child.module, child.lineno, when
                # `from panelvar.kernels.absorption import absorb` names a module too.
                for alias in child.names:
                    if child.module.startswith("panelvar"):
                        yield f"{child.module}.{alias.name}", child.lineno, when
            yield from visit(child, inside)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), "load")


def test_every_room_has_its_place_in_the_order():
    inits = {f"{wing}/__init__.py" for wing in WINGS}
    rooms = {room(path) for path in MODULES if path.relative_to(PACKAGE).as_posix() not in inits}
    assert rooms == set(STEP)


def test_the_architecture_page_lists_wings_and_rooms_as_they_are():
    page = (ROOT / "docs" / "developers" / "architecture.md").read_text(encoding="utf-8")
    chains = dict(re.findall(r"^\| `(\w+)/` \|[^|]*\| (.*) \|$", page, flags=re.M))
    steps = {wing: [set(re.findall(r"`(\w+)`", step)) for step in chain.split("->")] for wing, chain in chains.items()}
    assert {wing: steps[wing] for wing in WINGS} == ORDER
    described = re.findall(r"`(\w+)/(\w+)/`", "".join(re.findall(r"^(\| `\w+/\w+/`.*?\|)", page, flags=re.M)))
    assert sorted(f"{wing}.{room}" for wing, room in described) == sorted(set(STEP) - {"__init__"})


def test_imports_point_left():
    """Also for the type checker and inside functions; methods that plot alone reach to the right."""
    wrong = set()
    for path in MODULES:
        here = room(path)
        for module, line, when in imports(path):
            there = ".".join(module.split(".")[1:3])
            if there not in STEP or there == here or (when == "plot" and there in PICTURES):
                continue
            if STEP[there] >= STEP[here]:
                wrong.add(f"{path.relative_to(ROOT)}:{line}: {here} imports {there}")
    assert not wrong, "\n".join(sorted(wrong))


# An error message of a published system names what a fitted one has.
ACROSS = {("panelvar.systems.var.system", "panelvar.systems.var.var_result")}


def test_files_of_a_room_do_not_import_one_another():
    """In rings, that is: a result knows its summary or the other way round; also for types and inside functions."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in MODULES}
    graph = {
        name: {
            module
            for module, _, _ in imports(path)
            if module in files and room(files[module]) == room(path) and (name, module) not in ACROSS
        }
        for name, path in files.items()
        if path.stem != "__init__"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_room_holds_what_a_reader_can_take_in():
    crowded = {}
    for name in set(STEP) - {"__init__"}:
        files = [path for path in PACKAGE.joinpath(*name.split(".")).rglob("*.py") if path.stem != "__init__"]
        if len(files) > MOST_FILES:
            crowded[name] = len(files)
    assert crowded == {}
    assert {wing: len(rooms) for wing, steps in ORDER.items() if len(rooms := set().union(*steps)) > MOST_ROOMS} == {}


def test_nothing_lies_loose_at_the_root():
    assert {path.name for path in PACKAGE.iterdir() if path.is_file()} == {"__init__.py", "__init__.pyi", "py.typed"}


def test_no_room_hides_a_public_name_or_a_name_used_elsewhere():
    """`panelvar.<wing>` is the module once it is loaded: it must not be what somebody means to call."""
    import panelvar
    from panelvar.core.base.elsewhere import answers

    assert set(WINGS) & (set(panelvar.__all__) | {name for kind, _, name in answers() if kind == "function"}) == set()


def test_no_import_of_heavy_packages_when_the_library_loads():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in MODULES
        for module, line, when in imports(path)
        if when == "load" and module.split(".")[0] not in LIGHT
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_but_declared_dependencies_is_imported():
    allowed = LIGHT | HEAVY
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in MODULES
        for module, line, _ in imports(path)
        if module.split(".")[0] not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_room_inits_are_empty():
    full = [path for path in PACKAGE.glob("*/**/__init__.py") if path.read_text().strip()]
    assert full == []


def test_no_catch_all_names():
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "core", "base", "tools"}
    assert [path for path in MODULES if path.stem in vague] == []


def test_functions_fit_on_a_screen_or_two():
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body
                if ast.get_docstring(node) is not None:
                    body = body[1:]
                lines = node.end_lineno - body[0].lineno + 1 if body else 0
                if lines > 80:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {lines} lines")
    assert not long, "\n".join(long)


def defined_classes() -> dict[str, type]:
    """Every class of the package by its module and name."""
    found = {}
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(name)
        found |= {
            f"{name}.{node.name}": getattr(module, node.name) for node in tree.body if isinstance(node, ast.ClassDef)
        }
    return found


def methods_that_only_raise(path: Path):
    """Yield (class, method) of methods whose whole body is a ``raise``."""
    for owner in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for node in owner.body if isinstance(owner, ast.ClassDef) else ():
            if isinstance(node, ast.FunctionDef):
                body = node.body if ast.get_docstring(node) is None else node.body[1:]
                if len(body) == 1 and isinstance(body[0], ast.Raise):
                    yield owner, node


def test_what_a_class_cannot_do_is_not_there():
    """No override that only raises: the class does not derive from one that can, and says why when it is asked."""
    classes, wrong = defined_classes(), []
    for path in MODULES:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for owner, method in methods_that_only_raise(path):
            above = classes[f"{module}.{owner.name}"].__mro__[1:]
            if any(method.name in vars(base) for base in above) or "NotImplementedError" in ast.dump(method):
                wrong.append(f"{path.relative_to(ROOT)}:{method.lineno}: {owner.name}.{method.name}")
    assert not wrong, "\n".join(wrong)


def test_no_class_has_more_ancestors_of_the_package_than_a_reader_can_hold():
    ancestors = {
        name: sum(above.__module__.startswith("panelvar.") for above in owner.__mro__[1:])
        for name, owner in defined_classes().items()
    }
    assert {name: count for name, count in ancestors.items() if count > MOST_ANCESTORS} == {}


def test_the_choices_of_an_option_are_written_once():
    """No two files spell out the same choices of the same option: what both offer has a name."""
    places: dict[tuple[str, str], set[Path]] = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "choose" and len(node.args) > 2:
                option, _, choices = node.args[:3]
                if isinstance(choices, ast.Tuple):
                    places.setdefault((ast.unparse(option), ast.unparse(choices)), set()).add(path)
    assert [written for written, files in places.items() if len(files) > 1] == []


def test_functions_have_few_parameters():
    crowded = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                count = len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
                if count > MOST_PARAMETERS:
                    crowded[node.name] = count
    assert crowded == {name: count for name, (count, _) in MANY_PARAMETERS.items()}


def narrows_a_type(test: ast.expr) -> bool:
    """`assert x is not None` and `assert isinstance(x, T)` tell the type checker what the code already guarantees."""
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.IsNot)
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"


def test_user_input_is_never_asserted():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert) and not narrows_a_type(node.test)
    ]
    assert found == []


def run_python(code: str) -> str:
    """Run code against the package under test, in a fresh process that treats warnings as errors."""
    import panelvar

    setup = f"import sys; sys.path.insert(0, {str(Path(panelvar.__file__).resolve().parent.parent)!r})\n"
    done = subprocess.run([sys.executable, "-P", "-W", "error", "-c", setup + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_loads_numpy_only():
    code = f"""
import panelvar
print(sorted({HEAVY!r} & {{name.partition('.')[0] for name in sys.modules}}))
"""
    assert run_python(code) == "[]"


def test_plots_of_one_equation_import_no_systems():
    code = """
import matplotlib
matplotlib.use("Agg")
import panelvar as pv
fit = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital")
fit.plot()
pv.plot_residuals(fit)
print([name for name in sys.modules if name.startswith(("panelvar.systems", "panelvar.nonstationary"))])
"""
    assert run_python(code) == "[]"


def test_the_package_carries_its_types_and_its_version():
    import panelvar

    assert (Path(panelvar.__file__).parent / "py.typed").exists()
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert panelvar.__version__ == declared
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_public_names_are_listed_once():
    """In the stub, each name from its own room; what reads it there understands every line."""
    import panelvar

    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name  # the form that re-exports
    }
    assert typed == panelvar._modules()
    assert [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)] == ["__version__"]


def test_the_list_is_read_when_a_name_is_asked_for():
    code = """
import panelvar
print(panelvar._modules.cache_info().currsize, "numpy" in sys.modules)
from panelvar import *
print(fit_var is panelvar.fit_var, __version__ == panelvar.__version__, dir(panelvar) == sorted(panelvar.__all__))
"""
    assert run_python(code).split() == ["0", "False", "True", "True", "True"]


def test_public_names_exist_are_documented_and_listed():
    import panelvar

    for name in panelvar.__all__:
        value = getattr(panelvar, name)
        assert getattr(value, "__doc__", None) or name.startswith("__"), f"{name} has no docstring"
        assert name in dir(panelvar)
    with pytest.raises(AttributeError):
        panelvar.no_such_name  # noqa: B018


def tracked_files() -> list[Path]:
    """Text files of the repository (all but the reference data), from git where there is a repository."""
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
            "\n"
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    skip = ("tests/reference/json/", "tests/reference/data/", "examples/data/")
    return [ROOT / name for name in listed if name and not name.startswith(skip) and (ROOT / name).is_file()]


def test_no_trace_of_the_place_where_it_was_written():
    # Spelled in pieces, so that this file passes its own test.
    banned = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/tm" + "p/", "pypi" + ".org", "python" + "hosted"]
    found = []
    for path in tracked_files():
        if path.suffix in {".png", ".pdf", ".gz", ".npz", ".ico"}:
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in banned if word in text]
    assert found == []
