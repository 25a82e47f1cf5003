"""Which program a reference file is of, and on which page of the documentation it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A page of agreement: its file's name, its title, and the names of the reference files that belong to it."""

    page: str
    title: str
    files: str


# The first that fits a file's name takes it.
PROGRAMS = (
    Program("stata", "Stata and its user commands", r"stata|xtlsdvc|roodman|wildboottest_variants"),
    Program("gretl", "gretl", r"gretl"),
    Program("pyfixest", "pyfixest", r"pyfixest|wildboottest"),
    Program("linearmodels", "linearmodels", r"linearmodels|iv_python"),
    Program("statsmodels", "statsmodels and arch", r"statsmodels|_arch$"),
    Program(
        "vars",
        "R: vars, urca and other packages of time series",
        r"vars|urca|strucchange|proxy_r|white_het|lpirfs|varsignr",
    ),
    Program(
        "plm_tests",
        "R: plm's tests, of unit roots too",
        r"plm_tests|_(hadri|ips|llc|cips|fisher)$|_pco$|panel_cointegration",
    ),
    Program("plm", "R: plm", r"plm|pgmm|_extra$"),
    Program(
        "r_packages",
        "R: other packages of panels",
        r"bacondecomp|clubsandwich|etwfe|sunab|twowayfeweights|didimputation|did2s|honestdid|nlme|lme4|panelar|panelvar|"
        r"pooled_mean_group|questions|sandwich",
    ),
    Program("others", "Other programs and books", r""),
)


def program_of(file: str) -> Program:
    """The page on which a reference file stands."""
    return next(program for program in PROGRAMS if re.search(program.files, file))


def address(file: str) -> str:
    """The place of a reference file, as a link from ``docs/evidence``."""
    return f"parity/{program_of(file).page}.md#{anchor(file)}"


def anchor(file: str) -> str:
    """The name of a reference file as the target of a link."""
    return file.replace("_", "-")
