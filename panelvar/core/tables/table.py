"""One table for everything the library prints; text, Markdown, HTML, LaTeX and DataFrame are views of it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.hints import HintsAtNames
from panelvar.core.faces.layout import Layout, keyed_rows

if TYPE_CHECKING:
    import pandas as pd


class Presented(HintsAtNames, ABC):
    """What can be read as a table: printed, shown in a notebook, written in any form or to a file."""

    __slots__ = ()

    @abstractmethod
    def summary(self) -> Table:
        """Return the table, to be printed or written in any form."""

    def to_text(self, width: int = 80) -> str:
        """Render as plain text no wider than ``width`` terminal columns.

        Long labels and notes are wrapped; columns that do not fit are stacked below in further panels, each under
        the same row labels.

        Parameters
        ----------
        width : int
            Columns of the terminal, 40 or more.

        Returns
        -------
        str

        Raises
        ------
        SpecificationError
            If ``width`` is below 40.
        """
        from panelvar.core.faces.text import render_text

        return render_text(self.summary(), width)

    def to_markdown(self) -> str:
        """Render as a Markdown pipe table; names are escaped."""
        from panelvar.core.faces.markdown import render_markdown

        return render_markdown(self.summary())

    def to_html(self) -> str:
        """Render as an HTML table; names are escaped."""
        from panelvar.core.faces.html import render_html

        return render_html(self.summary())

    def to_latex(
        self,
        *,
        label: str | None = None,
        width: float = 345.0,
        fragment: bool = False,
        threeparttable: bool = False,
    ) -> str:
        r"""Render as a LaTeX ``table`` float (needs ``\usepackage{booktabs}``); names are escaped.

        The table is no wider than the page in documents of ten, eleven and twelve points: letters get smaller, words
        are folded, and columns that still do not fit are stacked below in further panels; rows beyond a page continue
        in a further float. Facts and notes stand outside the columns.

        Parameters
        ----------
        label : str, optional
            Written into ``\label`` for cross references, such as ``"tab:main"``.
        width : float
            Width of the text in points, which ``\the\textwidth`` prints: 345 in the class ``article`` at ten points,
            470 with margins of an inch. All classes have at least 345.
        fragment : bool
            Whether to write the ``tabular`` alone, all columns side by side, for a float of your own: without title,
            facts and notes, and however wide it is.
        threeparttable : bool
            Whether the float has the parts of the package ``threeparttable``: caption, tabular and notes, among which
            facts stand too. It needs ``\usepackage{threeparttable}``.

        Returns
        -------
        str

        Raises
        ------
        SpecificationError
            If LaTeX would not read ``label`` as a label, ``width`` is below 240, or a fragment is to have a label or
            notes.
        """
        from panelvar.core.faces.latex import render_fragment, render_latex

        in_parts = read_flag("threeparttable", threeparttable)
        if not read_flag("fragment", fragment):
            return render_latex(self.summary(), label, width, threeparttable=in_parts)
        if label is not None or in_parts:
            raise SpecificationError(
                "fragment=True writes the tabular alone, which has neither a label nor notes. Leave out "
                f"{'label' if label is not None else 'threeparttable'}=, and write it where you put the tabular."
            )
        return render_fragment(self.summary())

    def save(self, path: str | os.PathLike[str], *, label: str | None = None) -> None:
        r"""Write the table to a file; the ending of its name says how.

        Parameters
        ----------
        path : str or path
            ``.tex`` (as `to_latex`, to be read by ``\input``), ``.html`` (a page), ``.md``, ``.txt``, ``.csv`` (the
            numbers at full precision, under one line of names), ``.xlsx`` (numbers at full precision, printed as here)
            or ``.docx``; the last two need the extra ``panelvar-econ[files]``. A file that is there is replaced.
        label : str, optional
            For cross references in LaTeX.

        Raises
        ------
        SpecificationError
            If the ending is another, or the path cannot be written.
        ImportError
            If openpyxl or python-docx is missing. The message says how to install it.

        Notes
        -----
        Names are shown as they are in every form. In a workbook, a text that begins with "=" is a text; in ``.csv``,
        which knows no kinds of cells, an apostrophe stands before it. Several go to one file by `panelvar.save_tables`.
        """
        from panelvar.core.faces.files import Filed, save_filed

        save_filed([Filed(self.summary(), label=label)], path)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()


class Table(Layout, Presented):
    """A title, facts, columns of cells and notes, ready to be printed.

    Parameters
    ----------
    title : str
        One line over the table.
    header : tuple of Row
        Column names, one row or more; the first row names the columns of `to_frame`.
    body, foot : tuple of Row
        The rows, and those set apart below a rule.
    facts, statistics : tuple of Fact
        Labelled values above the columns, and below them.
    notes : tuple of str
        Sentences under the table.

    Raises
    ------
    SpecificationError
        If a row has more or fewer cells than the header has columns.

    See Also
    --------
    compare : makes one of several fits.
    panelvar.core.tables.frame_table.FrameTable : a DataFrame that prints as a table.

    Examples
    --------
    >>> import panelvar as pv
    >>> table = pv.fit_pooled(pv.load_data("grunfeld"), "invest ~ value + capital").summary()
    >>> print(table.to_markdown().splitlines()[0])
    **Pooled OLS: invest**
    """

    def summary(self) -> Table:
        """Return the table itself."""
        return self

    def to_frame(self, *, foot: bool = True) -> pd.DataFrame:
        """Return the numbers behind the cells, at full precision.

        Parameters
        ----------
        foot : bool
            Whether the rows of the foot follow those of the body.

        Returns
        -------
        DataFrame
            Indexed by row label, or by label and kind where a label has several rows, under the headings of the rows
            where there are any; one column for each of the table's, under the headings that span several. Columns of
            numbers alone are numeric, others hold objects; an empty cell is NaN or None.

        Raises
        ------
        SpecificationError
            If ``foot`` is neither True nor False.
        """
        import pandas as pd

        keyed = keyed_rows(self, self.foot if read_flag("foot", foot) else ())
        # Programs get the text of a label in mathematics: `str.__str__` makes one of it, which `str` does not.
        keys = [(str.__str__(heading), str.__str__(label), kind) for (heading, label, kind), _ in keyed]
        levels = [level for at, level in enumerate(zip(*keys, strict=True)) if at == 1 or any(level)]
        index: pd.Index
        if len(levels) > 1:
            index = pd.MultiIndex.from_arrays(levels)
        else:
            index = pd.Index([label for _, label, _ in keys], dtype=object)
        columns = [
            pd.Series([row.cells[j].value for _, row in keyed], index=index, dtype=object).infer_objects()
            for j in range(self.n_columns)
        ]
        if not columns:
            return pd.DataFrame(index=index)
        frame = pd.concat(columns, axis=1)
        frame.columns = self._column_names()
        return frame

    def _column_names(self) -> pd.Index:
        """Names of columns, under the headings that span several of them."""
        import pandas as pd

        if not self.header:
            return pd.Index(list(map(str, range(self.n_columns))), dtype=object)
        rows = self.naming()
        values = [[cell.value for cell in row.cells] for row in rows]
        if len(rows) == 1:
            return pd.Index(values[0], dtype=object)
        named = [row.label or None for row in rows] if rows[0].groups else None
        return pd.MultiIndex.from_arrays(values, names=named)

    # A table typed at the prompt is there to be read.
    __repr__ = Presented.__str__
