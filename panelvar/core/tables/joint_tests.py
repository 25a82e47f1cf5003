"""A joint test that comes with its parts."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, table_of_tests


@dataclass(frozen=True, repr=False)
class JointTests(Presented):
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
        """Return the tests as a table, the joint one first."""
        return table_of_tests(self.joint, *self.parts)

    def __repr__(self) -> str:
        return repr(self.joint)

    def __str__(self) -> str:
        return "\n".join(map(str, (self.joint, *self.parts)))
