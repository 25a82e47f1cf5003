"""``python -m benchmarks [GROUP ...] [--smoke]``: results are checked equal before anything is timed.

``python -m benchmarks --profile smoke|standard|full`` has every program take turns at every job, and writes
``docs/evidence/speed.md`` and ``docs/developers/speed_targets.md`` (see `benchmarks.profiles`).

``python -m benchmarks compare OLD [GROUP ...]`` times our side alone, in two trees (see `benchmarks.compare`).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

# One BLAS thread for everybody, set before NumPy loads.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

GROUPS = {
    "small": ("benchmarks.small", "a 57-row model, and the array entry"),
    "large": ("benchmarks.large", "pooled, fixed, random and clustered at 1e5 and 1e6 rows"),
    "twoway": ("benchmarks.twoway", "unbalanced two-way effects"),
    "random": ("benchmarks.random", "random effects, one-way and unbalanced two-way"),
    "floor": ("benchmarks.floor", "fixed effects against one Gram matrix, and memory"),
    "clusters": ("benchmarks.clusters", "CR2 at 1e6 rows, and the wild cluster bootstrap"),
    "size": (
        "benchmarks.size",
        "what grows with a square: pairs of entities, long series, many variables and clusters",
    ),
    "panel-roots": ("benchmarks.panel_roots", "panel unit roots and cointegration, beside R's plm where there is one"),
    "dynamic": (
        "benchmarks.dynamic_panels",
        "dynamic panels and panel VARs, beside R's plm and pydynpd where they are installed",
    ),
    "var": ("benchmarks.vector", "VAR fit, lag selection, responses, many at once"),
    "bands": ("benchmarks.vector_bands", "bands of responses"),
    "import": ("benchmarks.imports", "import time"),
    "nist": ("benchmarks.nist", "digits on NIST's linear regressions"),
}


def main() -> int:
    """Run the groups asked for; the exit code counts equality checks that failed, not slow timings."""
    if sys.argv[1:2] == ["compare"]:
        from benchmarks.compare import main as compare

        return compare(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--smoke", action="store_true", help="small sizes, once: does everything run and agree?")
    parser.add_argument("--profile", choices=("smoke", "standard", "full"), help="all races, and the page of them")
    parser.add_argument("--only", default="", metavar="TEXT", help="of a profile, the races whose name begins so")
    options = parser.parse_args()
    if options.profile:
        if options.groups or options.smoke:
            parser.error("--profile runs all races: it takes neither groups nor --smoke")
        from benchmarks.profiles import main as profile

        return profile(options.profile, options.only)
    if options.only:
        parser.error("--only is for --profile")
    unknown = sorted(set(options.groups) - set(GROUPS))
    if unknown:
        parser.error(f"unknown group {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    from benchmarks.harness import environment, summary

    print(environment())
    for group in options.groups or GROUPS:
        module, subject = GROUPS[group]
        print(f"\n== {group}: {subject}")
        importlib.import_module(module).main(smoke=options.smoke)
    print(summary())
    return 0


if __name__ == "__main__":
    sys.exit(main())
