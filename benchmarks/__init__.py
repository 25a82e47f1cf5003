"""Timings of panelvar against its peers and against the floor, in one run: ``python -m benchmarks``."""
