"""A joint test that comes with its parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.tables.test_result import TestResult

if TYPE_CHECKING:
    from panelvar.tables.table import Table


@dataclass(frozen=True, repr=False)
class JointTests(ABC):
    """A joint test, read like any other, and the tests it is made of."""

    joint: TestResult

    @property
    @abstractmethod
    def parts(self) -> tuple[TestResult, ...]:
        """The other tests, in the order of a table."""

    @property
    def statistic(self) -> float:
        """The joint statistic."""
        return self.joint.statistic

    @property
    def pvalue(self) -> float:
        """The joint p-value."""
        return self.joint.pvalue

    @property
    def df(self) -> float | None:
        """Degrees of freedom of the joint test."""
        return self.joint.df

    def summary(self) -> Table:
        """Render the tests as a table."""
        from panelvar.tables.test_table import test_table

        return test_table(self.joint, *self.parts)

    def __repr__(self) -> str:
        return repr(self.joint)

    def __str__(self) -> str:
        return "\n".join(map(str, (self.joint, *self.parts)))

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
