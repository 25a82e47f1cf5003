"""Mended defects, put back one at a time: the fuzzer proves itself by finding them.

A mutant is a change of the library's source, made while a fresh process loads it. The campaign's calls, which the
library passes as it is, must then find a failure.

``python -m tests.fuzz --mutants`` puts back every one; ``--mutant engle-granger-units`` runs one in this process.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Mutant:
    """A defect as it was.

    Attributes
    ----------
    name : str
    what : str
        What went wrong.
    module : str
        Where, below the package.
    now, then : str
        The mended line or lines, and what stood there or undoes the mend.
    touches : str
        Pattern of the programs that reach it: others are not run, to save time.
    """

    name: str
    what: str
    module: str
    now: str
    then: str
    touches: str = ""


MUTANTS = (
    Mutant(
        "engle-granger-units",
        "a regression solved on columns of unlike units dropped those that are small",
        "nonstationary.cointegration.engle_granger",
        "least_squares(regressors, values[:, place])",
        "np.linalg.lstsq(regressors, values[:, place], rcond=None)[0]",
        "engle_granger_test",
    ),
    Mutant(
        "joint-band-without-width",
        "a joint band had no width where errors were small beside those of other variables",
        "estimates.bands.limits",
        "1e-14 * errors.max(axis=0, initial=0.0)",
        "1e-14 * errors.max(initial=0.0)",
        "sup-t|bonferroni",
    ),
    Mutant(
        "residuals-in-any-units",
        "tests of residuals took fourth powers of them as they were",
        "core.base.scaling",
        "out: Array = np.ldexp(values, -exponents(values))\n    return out\n\n\ndef columns_in_own_units",
        "out: Array = 1.0 * values\n    return out\n\n\ndef columns_in_own_units",
        "wooldridge|born_breitung|baltagi|panel_granger|modified_wald|homogeneity",
    ),
    Mutant(
        "effective-f-overflows",
        "squares of variances of the first stage left the range of numbers",
        "panels.instruments.strength",
        "unit = exponents(weight) // 2",
        "unit = 0",
        "fit_iv|effective_f|fit_panel_local",
    ),
    Mutant(
        "description-of-tiny-numbers",
        "standard deviations of numbers as small as 1e-200 were zero",
        "data.panel.description",
        "unit = int(exponents(values))",
        "unit = 0",
        "describe",
    ),
    Mutant(
        "likelihood-of-large-numbers",
        "the information of a variance took its third power",
        "panels.random_effects.variance_components_likelihood",
        "hessian[0, 0] = -0.5 * self.degrees\n",
        "hessian[0, 0] = 0.5 * self.degrees / float(variance) ** 2 - float(rss) / float(variance) ** 3\n",
        "'ml'|'reml'",
    ),
    Mutant(
        "units-too-far-apart",
        "columns of which the ratio of sizes overflows were taken",
        "core.base.scaling",
        "FURTHEST_APART = 1e135",
        "FURTHEST_APART = 1e999",
        "fit_",
    ),
    Mutant(
        "levels-unchecked-before-whitening",
        "feasible GLS overflowed before its columns were checked",
        "panels.gls.whitened_model",
        "    check_scale(source, column_norms(source.columns))\n",
        "    pass\n",
        "fgls|ar1",
    ),
    Mutant(
        "labels-that-label-nothing",
        "lists among names met a dictionary",
        "core.base.arguments",
        "            hash(label)\n",
        "            pass\n",
        r"\bcolumn=\[",
    ),
    Mutant(
        "ragged-arrays",
        "weights of different lengths met NumPy",
        "data.sources.source",
        """        try:
            values = np.asarray(values)
        except ValueError:
            raise DataError(f"{what} holds lists of different lengths; expected a one-dimensional array.") from None
""",
        "        values = np.asarray(values)\n",
        r"\[1\.0, 2\.0\]\]",
    ),
    Mutant(
        "messages-that-echo",
        "messages repeated thousands of the caller's characters",
        "core.base.errors",
        "super().__init__(one_line(str(text)), *more)",
        "super().__init__(str(text), *more)",
        r"\* 3000",
    ),
    Mutant(
        "lone-surrogates",
        "a character that no encoding has stood in a message as it was",
        "core.base.quoting",
        'in ("Cc", "Cs", "Cn")',
        'in ("Cc", "Cn")',
        "ud800",
    ),
    Mutant(
        "deep-expressions",
        "expressions of many signs ended in a recursion",
        "core.base.expressions",
        """        if level > DEEPEST_EXPRESSION:
            raise _too_deep(written)
""",
        "",
        "lincom|expression",
    ),
    Mutant(
        "small-weights-vanish",
        "squares of the weights of a combination underflowed",
        "estimates.coefficients.linear_combinations",
        "    return np.ldexp(matrix, -powers[:, None]), np.ldexp(target, -powers), powers.astype(np.intp)\n",
        "    return matrix, target, 0 * powers.astype(np.intp)\n",
        "1e-200",
    ),
    Mutant(
        "simulations-without-end",
        "as many periods were simulated as were asked for",
        "systems.var.system",
        'read_whole("periods", periods, 1, LONGEST_SIMULATION)',
        'read_whole("periods", periods, 1)',
        "simulate",
    ),
    Mutant(
        "horizons-without-end",
        "memory was taken for any horizon",
        "core.base.arguments",
        "horizon = read_whole(option, value, least, LONGEST_HORIZON)\n    refuse_cells",
        "horizon = read_whole(option, value, least)\n    (lambda *_: None)",
        r"10\*\*",
    ),
    Mutant(
        "indefinite-unsaid",
        "several dimensions of clusters left a covariance with negative variances, silently",
        "estimates.covariance.cluster_terms",
        "    if indefinite(slopes):",
        "    if False:",
        "Clustered|cluster|fit_",
    ),
    Mutant(
        "rank-of-an-unscaled-covariance",
        "robust tests refused good rows as soon as units were unlike",
        "systems.var.fitted_system",
        "        if form.rank < len(places):",
        "        if np.linalg.matrix_rank(block, hermitian=True) < len(places):",
        "with_cov|lag_exclusion|exclusion_test|granger",
    ),
    Mutant(
        "batch-without-columns",
        "batches without rows or columns were laid out all the same",
        "systems.batches.member_fits",
        "    if members == 0 or longest < count + n_vars:",
        "    if False:",
        "fit_var_batch|fit_rolling_var",
    ),
    Mutant(
        "orderings-that-are-no-sequences",
        "a number for an ordering met Python's tuple",
        "core.base.arguments",
        """    if isinstance(value, (str, bytes)):
        raise SpecificationError(f"{option}={shown(value)}: expected a sequence of {what}.")
    return None if value is None else read_labels(option, value, f"a sequence of {what}")
""",
        "    return None if value is None else tuple(value)\n",
        "ordering|shocks|Cholesky|LongRun",
    ),
    Mutant(
        "error-correction-of-rank-zero",
        "a model of rank zero with nothing beside had standard errors of no shape",
        "systems.var.fitted_system",
        "reshape(len(self._directions), self.n_regressors * self.n_vars)",
        "reshape(len(self._directions), -1)",
        "fit_vecm",
    ),
    Mutant(
        "scores-that-add-up-to-nothing",
        "a coefficient whose scores add up to zero in every cluster had a standard error of rounding",
        "estimates.covariance.named",
        "    if True not in none:\n",
        "    if True:\n",
        "fit_",
    ),
    Mutant(
        "clusters-without-slopes",
        "adjustments for leverage divided by the number of regressors",
        "estimates.covariance.cluster_adjustment",
        "PIECE // max(1, q * q)",
        "PIECE // (q * q)",
        "CR2|CR3|BiasReduced",
    ),
    Mutant(
        "distributions-without-a-name",
        "a test of another distribution than the library's own could not be printed",
        "core.tables.test_result",
        'symbol = _DISTRIBUTIONS.get(self.distribution, ("", "statistic"))[1]',
        "symbol = _DISTRIBUTIONS[self.distribution][1]",
        "Result",
    ),
    Mutant(
        "average-without-a-p-value",
        "a statistic without a distribution had no p-value and no word why",
        "panels.diagnostics.panel_causality",
        'notes.append(Note("no-pvalue", text))',
        "pass",
        "panel_granger",
    ),
    Mutant(
        "exact-fits-by-rounding",
        "tests were made of the rounding of residuals that are zero",
        "estimates.fit.fit_checks",
        "    return (ROUNDING * norm) ** 2",
        "    return 0.0 * norm",
        "fit_",
    ),
)


class Mutation(MetaPathFinder):
    """Loads one module of the package with a mutant's change."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != f"panelvar.{self.mutant.module}":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.origin is not None
        spec.loader = Changed(self.mutant, fullname, spec.origin)
        return spec


class Changed(SourceFileLoader):
    """A source file read with a change, and never from a cache of what it was."""

    def __init__(self, mutant: Mutant, fullname: str, path: str) -> None:
        super().__init__(fullname, path)
        self.mutant = mutant

    def get_code(self, fullname: str) -> object:
        text = Path(self.path).read_text(encoding="utf-8")
        assert self.mutant.now in text, f"{self.mutant.name}: {self.mutant.now!r} stands no more in {self.path}"
        return compile(text.replace(self.mutant.now, self.mutant.then, 1), self.path, "exec")


def put_back(name: str) -> Mutant:
    """Put a defect back, before the package is loaded."""
    assert not any(module.startswith("panelvar") for module in sys.modules)
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    sys.meta_path.insert(0, Mutation(mutant))
    return mutant


ROOT = Path(__file__).resolve().parent.parent.parent


def command(*arguments: str) -> list[str]:
    """The fuzzer's command, in a process of its own."""
    return [sys.executable, "-m", "tests.fuzz", *arguments]


def sound(seed: int, number: int) -> bool:
    """Whether a case passes in a process without any defect put back."""
    return subprocess.run(command("--case", f"{seed}:{number}"), cwd=ROOT, capture_output=True).returncode == 0


def hunted(names: Sequence[str], seeds: str, calls: int, seconds: float) -> Iterator[tuple[str, str]]:
    """Run the campaign with each defect in a process of its own; yield what found it, or nothing."""
    for name in names:
        process = command("--mutant", name, "--seeds", seeds, "--calls", str(calls))
        try:
            done = subprocess.run(process, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            yield name, ""
            continue
        found = re.search(r"^(FOUND|not found) (.*)", done.stdout, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"The search for {name} broke off: {done.stderr[-500:]}")
        yield name, found[2] if found[1] == "FOUND" else ""
