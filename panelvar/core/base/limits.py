"""What is refused for its size: each bound once, and read by whatever could pass it."""

from __future__ import annotations

LARGEST_WHOLE = 10**18
"""Largest whole number of any option: it fits into 64 bits."""

LONGEST_SEED = 1_024
"""Most bits of a seed: more than any generator has."""

LONGEST_HORIZON = 100_000
"""Most periods ahead, and most lags of a moment, that are computed: memory grows with them."""

MOST_DRAWS = 1_000_000
"""Most draws of a band, a bootstrap or a search for models, most starts of a search, and most of its iterations."""

LONGEST_SIMULATION = 10_000_000
"""Most periods of one simulated sample."""

LONGEST_CALENDAR = 10_000_000
"""Most periods, gaps included, on which values are laid out one after the other."""

MOST_DIFFERENCES = 100
"""Most times that a series is differenced."""

MOST_CELLS = 500_000_000
"""Most numbers of one array, 4 GB: indicators of a formula, draws of a band, a panel laid out by period."""

MOST_COLUMNS = 5_000
"""Most regressors of a model: their triangle has the square of it."""

MOST_MOMENTS = 5_000
"""Most moments of an equation that lags as instruments make: their weights have the square of it."""

MOST_TERMS = 2_000
"""Most terms of a formula, and most products that one operator, such as ``*`` or ``**``, goes through."""

MOST_EFFECTS = 1_000
"""Marginal effects of one call: their covariance is a table of all of them by all."""

MOST_FITS = 1_000
"""Fits of one call of `fit_many`."""

MOST_CATEGORICAL = 8
"""Most categorical variables crossed in one term: their codings have 2 to the power of it."""

LONGEST_FORMULA = 200_000
"""Most characters of a formula."""

LONGEST_EXPRESSION = 10_000
"""Most characters of a linear combination, a hypothesis or one factor of a formula."""

DEEPEST_EXPRESSION = 100
"""Most levels of brackets, signs and functions inside one another."""

QUOTED = 100
"""Most characters of one text of the caller's that a message repeats."""

LONGEST_MESSAGE = 1_000
"""Most characters of a message."""
