"""Set identification by the signs of responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import is_whole, read_generator, read_seed, read_sequence, read_whole, say_seed
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import MissingInformationError, Note, NumericalError, SpecificationError
from panelvar.core.base.limits import LONGEST_HORIZON, MOST_DRAWS
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import summed_solve
from panelvar.kernels.linear.draws import constrained_columns, haar_columns
from panelvar.systems.identification.patterns import pair_of
from panelvar.systems.identification.scheme import Estimates, Identification, Names, position

_AT_ONCE = 4096
"""Rotations tried together."""

LONG_RUN = "long-run"
Periods = int | tuple[int, int]
Pair = tuple[str, str]


class Tally:
    """What trying rotations has come to so far."""

    def __init__(self) -> None:
        self.tried = self.accepted = self.forms = self.empty = 0


class Sign(NamedTuple):
    """One inequality: a response of at least zero, or at most."""

    variable: int
    shock: int
    period: int
    factor: float


@answering
@dataclass(frozen=True, eq=False)
class SignRestrictions(Identification):
    r"""Shocks told apart by the signs of what they do; some responses may be zero.

    Every impact matrix that reproduces the residual covariance is :math:`P Q` with :math:`P P' = \Sigma` and Q
    orthogonal. Rotations Q are drawn uniformly and those kept whose responses have the signs asked for (Uhlig 2005;
    Rubio-Ramirez, Waggoner and Zha 2010). A column that has all signs reversed is turned.

    Many models are left. The responses shown are those of one of them, whose standardised responses in periods 0 to
    ``target_horizon`` lie closest to the medians of all (Fry and Pagan 2011): medians taken period by period
    mix models and belong to none (`Responses.median` has them). Without ``bands=`` the limits are quantiles of the
    models at the estimates, sampling error apart; with a source of bands there is one accepted model for each draw of
    the reduced form, and draws that allow none are left out and counted.

    Parameters
    ----------
    signs : mapping
        Responses and shocks to ``"+"``, ``"-"`` or ``("+", periods)``: ``{("output", "demand"): "+"}``. Shocks are
        named here; those that are not mentioned stay unidentified.
    periods : int or (int, int)
        Where signs without their own periods hold: 0 to this one, or from the first to the last.
    zero : sequence of (response, shock), or mapping, optional
        Responses that are zero on impact; a mapping gives the period, or ``"long-run"`` for the sum of all.
    models : int
        Models drawn at the estimates.
    tries : int
        Rotations tried for each before the draw of the reduced form is given up. Many give every reduced form that has
        a model the same weight. One try gives it the share of its rotations that have the signs, which is the posterior
        of Rubio-Ramirez, Waggoner and Zha.
    target_horizon : int
        Periods that decide which model is shown.
    seed : int or Generator
        The same seed gives the same numbers; a Generator is used up.

    Raises
    ------
    SpecificationError
        Signs contradict each other, or there are more zeros than leave a rotation.
    NumericalError
        No rotation has the signs; the message says which restriction is in the way most often.

    See Also
    --------
    ShortRun : zeros, which give a point.
    ExternalInstrument : one shock, from a series outside the system.

    Notes
    -----
    Limits inside the set depend on the uniform distribution of rotations, which data do not revise (Baumeister and
    Hamilton 2015): with many data they stay as wide as the set. With zeros, columns are drawn one after the other,
    those with the most zeros first, without the importance weights of Arias, Rubio-Ramirez and Waggoner (2018): the set
    is right, the distribution inside it depends on that order.

    When to use something else: few signs identify little. `ShortRun` or `ExternalInstrument` give a point.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> signs = {("tbilrate", "policy"): "+", ("infl", "policy"): "-"}
    >>> irf = model.impulse_responses(4, identification=pv.SignRestrictions(signs, models=200, seed=1))
    >>> irf.response("unemp", "policy").round(2).tail(1)
             value  lower  upper
    horizon
    4        -0.17  -0.47   0.36
    """

    name: ClassVar[str] = "sign_restrictions"
    words: ClassVar[str] = "sign-restricted"
    set_valued: ClassVar[bool] = True
    signs: Mapping[Pair, Any]
    periods: Periods = 0
    zero: Any = ()
    models: int = 1000
    tries: int = 1000
    target_horizon: int = 12
    seed: int | np.random.Generator = 0
    tally: Tally | None = field(default=None, init=False, repr=False)
    rng: np.random.Generator | None = field(default=None, init=False, repr=False)
    accepted: Array | None = field(default=None, init=False, repr=False)
    chosen: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not isinstance(self.signs, Mapping) or not self.signs:
            raise SpecificationError("signs must be a mapping such as {('output', 'demand'): '+'}.")
        for option, least, most in (
            ("models", 2, MOST_DRAWS),
            ("tries", 1, MOST_DRAWS),
            ("target_horizon", 0, LONGEST_HORIZON),
        ):
            read_whole(option, getattr(self, option), least, most)
        _span(self.periods, "periods")
        zeros = self.zero if isinstance(self.zero, Mapping) else read_sequence("zero", self.zero, "pairs") or ()
        pairs = [pair_of("zero", pair, ("response", "shock")) for pair in zeros]
        zero = dict(zeros) if isinstance(zeros, Mapping) else dict.fromkeys(pairs, 0)
        read_seed(self.seed)
        self._set(signs=dict(self.signs), zero=zero).shocks(())

    @property
    def sums_responses(self) -> bool:
        """Whether the sum of all responses is restricted, which only a stable system has."""
        return LONG_RUN in self.zero.values()

    def shocks(self, names: Names) -> Names:
        """Shocks in the order they are mentioned."""
        pairs = [pair_of("signs", pair, ("response", "shock")) for pair in self.signs]
        return tuple(dict.fromkeys(shock for _, shock in [*pairs, *self.zero]))

    def own(self, names: Names) -> npt.NDArray[np.intp]:
        """Variables of the shocks' names.

        Raises
        ------
        SpecificationError
            A shock is not named after a variable.
        """
        shocks = self.shocks(names)
        others = [shock for shock in shocks if shock not in names]
        if others:
            raise SpecificationError(
                "shock_size='unit' needs shocks named after the variable that they move by one unit, and the variables "
                f"{list(names)} do not include {others}. Use shock_size='sd'."
            )
        return np.array([position(names, shock) for shock in shocks])

    def check(self, names: Names) -> None:
        """Raise a SpecificationError if names, signs or the number of zeros are impossible."""
        shocks = self.shocks(names)
        if len(shocks) > len(names):
            raise SpecificationError(
                f"You named {len(shocks)} shocks, {list(shocks)}, and the system has only "
                f"{count_of(len(names), 'variable')}."
            )
        self._signs(names)
        for place, shock in enumerate(self._order(names)):
            count = len(self._zeros(names, shock))
            if count > len(names) - place - 1:
                raise SpecificationError(
                    f"{count} zeros for shock {shocks[shock]!r} leave no rotation: the shock with the most zeros may "
                    f"have {len(names) - 1}, the next one fewer, and so on."
                )

    def _signs(self, names: Names) -> list[Sign]:
        """Every inequality."""
        shocks, found = self.shocks(names), {}
        for (response, shock), given in self.signs.items():
            sign, periods = given if isinstance(given, tuple) else (given, self.periods)
            if sign not in ("+", "-"):
                raise SpecificationError(
                    f"signs[{(response, shock)!r}] = {given!r}: expected '+', '-' or ('+', periods)."
                )
            first, last = _span(periods, f"signs[{(response, shock)!r}]")
            for period in range(first, last + 1):
                key = position(names, response), shocks.index(shock), period
                if self.zero.get((response, shock)) == period:
                    raise SpecificationError(f"{(response, shock)!r} has both a sign and a zero in period {period}.")
                found[key] = 1.0 if sign == "+" else -1.0
        return [Sign(*key, factor) for key, factor in found.items()]

    def _zeros(self, names: Names, shock: int) -> list[tuple[int, int | str]]:
        """Variables and periods in which a shock has no effect."""
        label = self.shocks(names)[shock]
        zeros = []
        for (response, name), period in self.zero.items():
            whole = is_whole(period) and period >= 0
            if not whole and period != LONG_RUN:
                raise SpecificationError(
                    f"zero[{(response, name)!r}] = {period!r}: expected a period (0 is impact) or {LONG_RUN!r}."
                )
            if name == label:
                zeros.append((position(names, response), period))
        return zeros

    def _order(self, names: Names) -> list[int]:
        """Shocks, those with the most zeros first."""
        return sorted(range(len(self.shocks(names))), key=lambda shock: -len(self._zeros(names, shock)))

    def bound(self, estimates: Estimates, names: Names) -> Self:
        """Draw models at the estimates, and choose the one closest to their medians."""
        other = copy(self)._set(tally=Tally(), rng=read_generator("seed", self.seed))
        form = estimates.form
        many = ReducedForm(
            np.broadcast_to(form.coefficients, (self.models, *form.coefficients.shape)),
            np.broadcast_to(form.factor, (self.models, *form.factor.shape)),
        )
        impacts = other.drawn(many, names)
        impacts = impacts[np.isfinite(impacts).all(axis=(1, 2))]
        if not len(impacts):
            raise NumericalError(other._obstacle(form, names))
        # The estimates have one set of models, so failed tries say nothing about them and are not counted.
        assert other.tally is not None
        other.tally.empty = other.tally.forms = 0
        paths = dynamics.responses(form.coefficients, self.target_horizon, impacts)
        spread = paths.std(axis=0)
        # Each response is compared with itself.
        moving = spread > 1e-12 * np.abs(paths).max(axis=0)
        gaps = (paths - np.median(paths, axis=0)) / np.where(moving, spread, 1.0)
        distance = np.where(moving, gaps, 0.0) ** 2
        return other._set(accepted=impacts, chosen=int(np.argmin(distance.reshape(len(paths), -1).sum(axis=1))))

    @property
    def accepted_models(self) -> Array | None:
        """Impact matrices (N, K, S) of all models found at the estimates."""
        return self.accepted

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Impact matrix of the model shown."""
        if self.accepted is None or form.factor.ndim > 2:
            raise MissingInformationError(
                "Sign restrictions leave many models of each system, and this needs one. Ask a single result."
            )
        return np.asarray(self.accepted[self.chosen])

    def drawn(self, form: ReducedForm, names: Names) -> Array:
        """One accepted impact matrix (N, K, S) for each reduced form, NaN where no try succeeded."""
        assert self.tally is not None
        signs, zeros = self._rows(form, names)
        count, size = form.factor.shape[0], len(names)
        found = np.full((count, size, len(signs)), np.nan)
        left, tried = np.arange(count), 0
        while left.size and tried < self.tries:
            each = int(min(max(1, _AT_ONCE // left.size), self.tries - tried))
            columns = self._columns(zeros, left, each, names)
            kept, turned = _accepted([rows[left] for rows in signs], columns)
            self.tally.tried += kept.size
            self.tally.accepted += int(kept.sum())
            tried += each
            hit = kept.any(axis=1)
            first = kept.argmax(axis=1)
            place = np.flatnonzero(hit), first[hit]
            found[left[hit]] = form.factor[left[hit]] @ (columns[place] * turned[place][:, None, :])
            left = left[~hit]
        self.tally.forms += count
        self.tally.empty += left.size
        return found

    def _rows(self, form: ReducedForm, names: Names) -> tuple[list[Array], list[Array]]:
        """For each shock, what times its column must be positive (N, r, K), and what must be zero (N, z, K)."""
        signs = self._signs(names)
        shocks = range(len(self.shocks(names)))
        zeros = [self._zeros(names, shock) for shock in shocks]
        periods = [sign.period for sign in signs] + [period for each in zeros for _, period in each]
        last = max((int(period) for period in periods if period != LONG_RUN), default=0)
        paths = dynamics.responses(form.coefficients, last, form.factor)
        effects: dict[int | str, Array] = {period: paths[:, period] for period in range(last + 1)}
        if LONG_RUN in periods:
            effects[LONG_RUN] = summed_solve(dynamics.lag_sum(form.coefficients), form.factor, form.sizes)

        def stacked(rows: list[Array]) -> Array:
            return np.stack(rows, axis=1) if rows else np.zeros((len(paths), 0, len(names)))

        positive = [
            stacked([sign.factor * paths[:, sign.period, sign.variable] for sign in signs if sign.shock == shock])
            for shock in shocks
        ]
        return positive, [stacked([effects[period][:, variable] for variable, period in each]) for each in zeros]

    def _columns(self, zeros: list[Array], left: npt.NDArray[np.intp], each: int, names: Names) -> Array:
        """Candidates (m, each, K, S)."""
        assert self.rng is not None
        if not self.zero:
            return haar_columns((left.size, each), len(names), len(zeros), self.rng)
        order = self._order(names)
        barred = []
        for shock in order:
            rows = zeros[shock][left][:, None]
            barred.append(np.broadcast_to(rows, (left.size, each, *rows.shape[2:])))
        return constrained_columns(barred, self.rng)[..., np.argsort(order)]

    @property
    def notes(self) -> tuple[Note, ...]:
        """How many models there were, and what is shown."""
        if self.tally is None:
            return ()
        tally = self.tally
        share = f"{tally.accepted / max(tally.tried, 1):.2%}, {say_seed(self.seed)}"
        text = (
            f"{tally.accepted} of {tally.tried} rotations have the signs you asked for ({share}), so many models fit. "
            "The result shows the one closest to the medians of all (Fry and Pagan 2011). The limits are quantiles "
            "over models at each point, and no single model follows them."
        )
        notes = [Note("set-identified", text)]
        if tally.empty:
            text = (
                f"{tally.empty} of {tally.forms} draws of the reduced form are left out, because none of {self.tries} "
                "tries gave a model."
            )
            notes.append(Note("empty-sets", text, warn=tally.empty > 0.1 * tally.forms))
        return tuple(notes)

    def _obstacle(self, form: ReducedForm, names: Names) -> str:
        """Why nothing was accepted: what the closest rotations violate."""
        signs, zeros = self._rows(ReducedForm(form.coefficients[None], form.factor[None]), names)
        columns = self._columns(zeros, np.zeros(1, dtype=np.intp), _AT_ONCE, names)[0]
        broken, labels, shares = [], [], []
        shocks, listed = self.shocks(names), self._signs(names)
        for shock, rows in enumerate(signs):
            values = np.einsum("rk,ck->cr", rows[0], columns[..., shock])
            turned = np.where((values < 0.0).sum(axis=1) > values.shape[1] / 2, -1.0, 1.0)
            wrong = values * turned[:, None] < 0.0
            broken.append(wrong)
            shares.append(f"{shocks[shock]} {(~wrong.any(axis=1)).mean():.1%}")
            labels += [sign for sign in listed if sign.shock == shock]
        wrong = np.concatenate(broken, axis=1)
        fewest = int(wrong.sum(axis=1).min())
        close = wrong[wrong.sum(axis=1) == fewest]
        worst = labels[int(close.sum(axis=0).argmax())]
        sign = "+" if worst.factor > 0.0 else "-"
        most = f"({names[worst.variable]!r}, {shocks[worst.shock]!r}): {sign!r} in period {worst.period}"
        return (
            f"None of {self.tally.tried if self.tally else 0} rotations has the signs you asked for. Shares of "
            f"rotations with the signs of one shock: {', '.join(shares)}. The closest rotations violate "
            f"{count_of(fewest, 'sign')}, most often {most}. Loosen that one, shorten the periods, or raise tries=."
        )


def _accepted(signs: list[Array], columns: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """Which candidates (m, c, K, S) have the signs, and by what each column is turned (m, c, S)."""
    kept = np.ones(columns.shape[:2], dtype=np.bool_)
    turned = np.ones((*columns.shape[:2], columns.shape[-1]))
    for shock, rows in enumerate(signs):
        values = np.einsum("mrk,mck->mcr", rows, columns[..., shock])
        upright, reversed_ = (values >= 0.0).all(axis=-1), (values <= 0.0).all(axis=-1)
        kept &= upright | reversed_
        turned[..., shock] = np.where(upright, 1.0, -1.0)
    return kept, turned


def _span(periods: object, option: str) -> tuple[int, int]:
    """First and last period of an integer or a pair."""
    pair = (0, periods) if not isinstance(periods, Sequence) else tuple(periods)
    whole = all(map(is_whole, pair))
    if len(pair) != 2 or not whole or not 0 <= pair[0] <= pair[1]:
        raise SpecificationError(f"{option}: {periods!r} are not periods; expected the last one, or (first, last).")
    return int(pair[0]), int(pair[1])
