"""Arguments of fuzzed calls, written as the source text that a person would type.

An argument is chosen by the name of its parameter, then by what the docstring offers, then by its annotation. Every
choice is one of a `random.Random`, so that a program is a function of its seed and its world.
"""

from __future__ import annotations

import inspect
import itertools
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fuzz import surface
from fuzz.rules import (
    ALWAYS,
    ALWAYS_HERE,
    BOUNDS,
    BROKEN,
    FORMULAS,
    INSTRUMENTED,
    MAKER,
    MISTAKES,
    NEAR,
    NEVER,
    OFTEN,
    ONE_SERIES,
    ONLY_BESIDE,
    RULES,
    SYSTEM_FUNCTIONS,
    written,
)
from fuzz.surface import Target
from fuzz.worlds import World

import panelvar as pv


class Writer:
    """Writes the program of one case.

    Parameters
    ----------
    rng : random.Random
    world : World
    """

    def __init__(self, rng: random.Random, world: World) -> None:
        self.rng, self.world = rng, world
        self.lines: list[tuple[str, str]] = []
        self.names = world.names
        self.variables = world.variables
        self.where = ""
        self.depth = 0

    @property
    def outermost(self) -> bool:
        """Whether the call being written is the one that the case is about."""
        return self.depth == 0

    # ---- programs

    def target(self, target: Target, mistakes: int) -> str:
        """Write what a target needs, and return the expression that calls or reads it."""
        if target.owner is pv.PanelVarResult:
            self.variables = [self.names["y"], self.names["x1"]]
        path = f"{'pv' if target.owner is None else self.owner(target)}.{target.name}"
        return path if target.call is None else self.call(path, target.call, mistakes, target.label)

    def owner(self, target: Target) -> str:
        assert target.owner is not None
        if target.owner is pv.Panel:
            return "panel"
        if target.owner.__name__ in surface.constructed() and (
            target.owner is not pv.System or self.rng.random() < 0.6
        ):
            with self.beneath():
                return self.line(self.construct(target.owner))
        return self.result(target.owner, target.label)

    def line(self, expression: str) -> str:
        """Give a name to what an expression makes, once."""
        for name, known in self.lines:
            if known == expression:
                return name
        name = f"r{len(self.lines) + 1}"
        self.lines.append((name, expression))
        return name

    def result(self, kind: type, consumer: str) -> str:
        """Write a call that makes a result of a class, and return its name."""
        makers = surface.producers(kind)
        simple = [maker for maker in makers if maker.owner is None]
        if simple and self.rng.random() < 0.8:
            makers = tuple(simple)
        maker = self.rng.choice(makers)
        preferred = next((found for found in makers if found.name == MAKER.get(consumer)), None)
        if preferred is not None and self.rng.random() < 0.9:
            maker = preferred
        with self.beneath():
            made = self.line(self.target(maker, 0))
            if "with_cov" in surface.members(kind) and self.rng.random() < 0.15:
                method = surface.getter(kind, "with_cov")
                assert method is not None
                made = self.line(self.call(f"{made}.with_cov", method, 0, f"{kind.__name__}.with_cov"))
            return made

    @contextmanager
    def beneath(self) -> Iterator[None]:
        """Write what a call needs, with few options."""
        self.depth += 1
        yield
        self.depth -= 1

    def construct(self, kind: type) -> str:
        """Write the construction of a specification."""
        return self.call(f"pv.{kind.__name__}", kind, 0, kind.__name__)

    def call(self, path: str, call: Callable[..., Any], mistakes: int, label: str) -> str:
        """Write a call; with so many of its arguments mistaken."""
        known = surface.parameters(call)
        given: dict[str, str] = {}
        starred: list[str] = []
        outer, self.where = self.where, label
        skip = self.formula(known, given, mistakes) | given.keys()
        chosen = [name for name, found in known.items() if name not in skip and self.wanted(name, found)]
        # A list: the order of a set of texts differs from one process to the next.
        wrong = self.rng.sample(sorted(known), min(mistakes, len(known))) if mistakes else []
        for name in dict.fromkeys([*chosen, *wrong]):
            found = known[name]
            text = self.mistake(call, name) if name in wrong else self.argument(call, name, found)
            if found.kind is inspect.Parameter.VAR_POSITIONAL:
                starred.append(text)
            elif found.kind is inspect.Parameter.VAR_KEYWORD:
                given |= self.keywords(label, text)
            else:
                given[name] = text
        if mistakes and (not known or self.rng.random() < 0.02):
            given["maxlags"] = "3"
        for name in ("column", "columns"):
            if name in known and given.get("data", "").startswith(("panel", "frame")):
                given.setdefault(name, self.role("x1", "y"))
        if not mistakes:
            self.agree(given, known)
        self.where = outer
        if starred:
            before = itertools.takewhile(lambda name: known[name].kind is not inspect.Parameter.VAR_POSITIONAL, known)
            starred = [*(given.pop(name) for name in before if name in given), *starred]
        return f"{path}({', '.join([*starred, *(f'{name}={text}' for name, text in given.items())])})"

    def agree(self, given: dict[str, str], known: Mapping[str, inspect.Parameter]) -> None:
        """Leave out what has no place beside the other arguments, and give what these need."""
        for bound, chosen in BOUNDS.items():
            if chosen in known and not given.get(chosen, repr(known[chosen].default)).startswith("'"):
                given.pop(bound, None)
        if "weights_are" in given and not self.outermost:
            del given["weights_are"]
        elif "weights_are" in given:
            given["weights"] = self.role("w")
            if given["weights_are"] == "'frequency'":
                # Of rows that are no panel, which a row of a panel stands for itself in.
                given |= {"data": "frame", "weights": "np.arange(len(frame)) % 3 + 1"}
                given |= {"effects": f"[{self.role('g')}]"} if "fixed_effects" in self.where else {}
        if "conditions" in given:
            given["steps"] = "4"
        if self.where == "fit_var_batch" and "np.stack" in given["data"]:
            given["columns"] = repr(self.variables)
        if self.where == "select_lags" and given["data"] == "panel":
            given["columns"] = self.roles("y", "x1")
            for name in ("exogenous", "seasons", "trend"):
                given.pop(name, None)
        for name in list(given):
            other, wanted = ONLY_BESIDE.get(f"{self.where}.{name}", ONLY_BESIDE.get(name, ("", "")))
            if other and not re.match(wanted, given.get(other, "None")):
                del given[name]
        if "series.to_numpy()" in given.get("data", ""):
            given.pop("names", None)
            if any(repr(name) in text for text in given.values() for name in self.variables):
                given["data"] = "series"

    def wanted(self, name: str, found: inspect.Parameter) -> bool:
        if found.kind is inspect.Parameter.VAR_KEYWORD:
            return self.where in ("Panel.with_columns", "Convention.but", "VarConvention.but")
        if found.kind is inspect.Parameter.VAR_POSITIONAL:
            return self.rng.random() < 0.5
        if name in ALWAYS or (self.where, name) in ALWAYS_HERE:
            return True
        if found.default is inspect.Parameter.empty:
            return True
        if name in NEVER:
            return False
        if self.where.startswith("fit_iv") and name == "instruments":
            return True
        often = OFTEN.get(name, 0.2 if self.outermost else 0.08)
        return "None" != str(found.annotation) and self.rng.random() < often

    def formula(self, known: Mapping[str, inspect.Parameter], given: dict[str, str], mistakes: int) -> set[str]:
        """Write a formula in place of lists of columns, now and then."""
        lists = {"y", "x", "endogenous", "instruments"} & set(known)
        if (
            not {"y", "x"} <= lists
            or known["x"].default is inspect.Parameter.empty
            or self.rng.random() > (0.12 if self.outermost else 0.04)
        ):
            return set()
        forms = INSTRUMENTED if "instruments" in lists and "iv" in self.where else FORMULAS
        if mistakes and self.rng.random() < 0.5:
            forms = BROKEN
        form = self.rng.choice(forms)
        if self.where == "fit_fixed_effects" and self.rng.random() < 0.4:
            form += self.rng.choice(
                (" | entity", " | entity + time", " | {g}", " | entity + time^{g}", " | entity[{x3}]")
            )
        if "C(" in form and "cov" in known and self.rng.random() < 0.3:
            # Clusters of the dimension that has dummies.
            given["cov"] = f"pv.Clustered({self.role('g')})"
        given["y"] = repr(form.format(**{role: written(name) for role, name in self.names.items()}))
        return lists - ({"endogenous"} if self.where == "fit_hausman_taylor" else set())

    # ---- arguments

    def argument(self, call: Callable[..., Any], name: str, found: inspect.Parameter) -> str:
        """Write a value of a parameter."""
        rule = next((RULES[key] for key in self.keys(name) if key in RULES), None)
        offered = name in ("effects", "lags") and str(found.annotation).split(" |")[0] in ("str", "bool")
        if rule is not None and not (offered and surface.choices(call, name)) and not (offered and name == "effects"):
            return rule(self)
        kinds = [kind for kind in surface.named(str(found.annotation), module_of(call)) if surface.producers(kind)]
        if kinds:
            consumer = f"{self.where}.{name}" if f"{self.where}.{name}" in MAKER else self.where
            return self.result(self.rng.choice(kinds), consumer)
        return self.by_type(call, name, found)

    def keys(self, name: str) -> tuple[str, str, str]:
        """Where a rule for a parameter may stand: for this call, for methods of this name, for all."""
        return f"{self.where}.{name}", f"{self.where.split('.')[-1]}.{name}", name

    def by_type(self, call: Callable[..., Any], name: str, found: inspect.Parameter) -> str:
        annotation, options = str(found.annotation), surface.choices(call, name)
        if "Convention" in annotation:
            return self.convention(options, annotation)
        if "Covariance" in annotation:
            return self.covariance(options)
        if "Identification" in annotation:
            return self.identification(options)
        if "BandSource" in annotation or "Recursive" in annotation:
            return self.bands(annotation)
        if options:
            return repr(self.rng.choice(options))
        if "bool" in annotation:
            return self.rng.choice(("True", "False"))
        if "int" in annotation:
            return str(self.rng.choice((1, 2, 3)))
        if "float" in annotation:
            return str(self.rng.choice((0.5, 0.9, 1.0)))
        if annotation == "str":
            return "'a text'"
        if any(surface.named(annotation, module_of(call))):
            # What the library's rooms hand to one another: whoever calls this has made a mistake.
            return self.rng.choice(MISTAKES)
        raise LookupError(f"{self.where}.{name}: {annotation} has no rule")

    def mistake(self, call: Callable[..., Any], name: str) -> str:
        """A value that a parameter does not take, or hardly."""
        near = NEAR.get(name)
        if near and self.rng.random() < 0.5:
            return self.rng.choice(near)
        options = surface.choices(call, name)
        if options and self.rng.random() < 0.4:
            option = str(self.rng.choice(options))
            return repr(self.rng.choice((option.upper(), option[:-1], option + " ", option + "x")))
        return self.rng.choice(MISTAKES)

    def keywords(self, label: str, text: str) -> dict[str, str]:
        """Arguments of a call that takes any name."""
        if label.endswith("but"):
            kind = pv.Convention if label.startswith("Convention") else pv.VarConvention
            name = self.rng.choice([name for name in surface.parameters(kind) if name != "name"])
            return {name: self.by_type(kind, name, surface.parameters(kind)[name])}
        return {"new": text} if label == "Panel.with_columns" else {}

    def some(self, names: Sequence[str], least: int = 1) -> list[str]:
        """Some of several names, in any order."""
        return self.rng.sample(list(names), self.rng.randint(min(least, len(names)), len(names)))

    def role(self, *roles: str) -> str:
        """The name of a column."""
        return repr(self.names[self.rng.choice(roles)])

    def roles(self, *roles: str) -> str:
        """The names of columns."""
        return repr([self.names[role] for role in roles])

    def regressors(self) -> str:
        """A list of regressors: two, mostly."""
        pick = self.rng.random() * (1.0 if self.outermost else 0.8)
        if self.where.startswith("fit_iv"):
            return self.roles(*(("x1",) if pick < 0.8 else ("x1", "x3") if pick < 0.9 else ()))
        if pick < 0.6:
            return self.roles("x1", "x2")
        if pick < 0.75:
            return self.roles("x1")
        if pick < 0.85:
            return self.roles("x1", "x2", "x3")
        return self.roles(*self.rng.choice((("x1", "f1"), (), ("f1",), ("x1", "x2", "s"), ("x2", "x1"), ("w",))))

    def variable(self) -> str:
        """The name of a variable of the system."""
        return repr(self.rng.choice(self.variables))

    def data(self) -> str:
        """The system's data: of a series, one column."""
        if self.where in ONE_SERIES:
            forms = ("series.iloc[:, 0]", "series.iloc[:, 0]", "series.iloc[:, 1].to_numpy()", "series.iloc[:, :1]")
        elif self.where == "fit_var_batch":
            forms = ("panel", "panel", "np.stack([series.to_numpy()] * 3)", "frame.set_index(['i', 't'])")
        elif self.where == "fit_panel_batch":
            forms = ("[panel, panel]", "[panel] * 3", "[frame.set_index(['i', 't'])] * 2")
        elif self.where in SYSTEM_FUNCTIONS:
            forms = ("series",) * 7 + ("series.to_numpy()",) * self.outermost
        else:
            forms = ("panel",) * 8 + ("frame.set_index(['i', 't'])",)
        return self.rng.choice(forms)

    def convention(self, options: Sequence[str], annotation: str) -> str:
        system = "VarConvention" in annotation
        if self.rng.random() < 0.9 or not system:
            return repr(self.rng.choice(options or ("default",)))
        return "pv.VarConvention('mine', sigma='ml')"

    def covariance(self, options: Sequence[str]) -> str:
        """A covariance by name or as an object."""
        if self.rng.random() < 0.5:
            return repr(self.rng.choice((*options, "HC1", "HC2", "HC3", "CR1", "CR2", "CR3")))
        kinds = (pv.HC, pv.Clustered, pv.BiasReduced, pv.DriscollKraay, pv.PanelNeweyWest, pv.PanelCorrected)
        return self.construct(self.rng.choice(kinds))

    def system_covariance(self) -> str:
        return self.rng.choice(
            ("'HC0'", "'HC1'", "'HC3'", "'classical'", "pv.PanelNeweyWest(lags=2)", "'newey-west'", "'robust'")
        )

    def identification(self, options: Sequence[str]) -> str:
        """A scheme by name or as an object."""
        if self.rng.random() < 0.5 or self.where.startswith("normality"):
            return repr(self.rng.choice(options or ("cholesky",)))
        kinds = (
            pv.Cholesky,
            pv.Generalised,
            pv.ReducedFormErrors,
            pv.LongRun,
            pv.ShortRun,
            pv.SignRestrictions,
            pv.ExternalInstrument,
            pv.ImpactMatrix,
        )
        return self.construct(self.rng.choice(kinds))

    def bands(self, annotation: str) -> str:
        """A source of bands."""
        kinds = [pv.ResidualBootstrap, pv.ParametricBootstrap, pv.RecursiveWildBootstrap, pv.MovingBlockBootstrap]
        if "Recursive" not in annotation:
            kinds += [pv.BootstrapAfterBootstrap, pv.MonteCarlo, pv.DeltaMethod, pv.DeltaMethod]
        if self.where.startswith("PanelVarResult"):
            kinds = [pv.EntityBootstrap, pv.EntityBootstrap, pv.MonteCarlo, pv.DeltaMethod, pv.ResidualBootstrap]
        return self.construct(self.rng.choice(kinds))

    def restriction(self, forms: Sequence[str]) -> str:
        """An equation of coefficients."""
        names = self.coefficients()
        form = self.rng.choice(forms[:4] if self.rng.random() < 0.6 else forms)
        return repr(form.format(self.rng.choice(names), self.rng.choice(names)))

    def coefficients(self) -> list[str]:
        """Names of coefficients that the results of this case are likely to have."""
        if self.where.split(".")[0] in ("VarResult", "RestrictedVarResult", "PanelVarResult"):
            names = self.variables
            return [f"[{name}]L1.{other}" for name in names for other in names]
        if self.where.startswith("VecmResult"):
            names = self.variables
            return [
                *(f"[{name}]ec1" for name in names),
                *(f"[{name}]L(D({name}))" for name in names),
                f"[ec1]{names[-1]}",
            ]
        if self.where.startswith("ProjectedResponses"):
            return [f"[{name}]h1.{other}" for name in self.variables for other in self.variables]
        if self.where.startswith("SvarResult"):
            return [f"A[{name}, {other}]" for name in self.variables for other in self.variables]
        return [written(self.names[role]) for role in ("x1", "x1", "x2")]


def module_of(call: Callable[..., Any]) -> str:
    """The module in whose words a signature is written."""
    return str(inspect.unwrap(call).__module__)
