"""Hypotheses of tests of cointegration in panels, in words."""

NULL = "no entity is cointegrated"
SOME = "some entities are cointegrated"
EVERY = "all entities are cointegrated"
ALL = "all entities are cointegrated, in one relation and with one root"


def rank_at_most(rank: int) -> str:
    """The null hypothesis of a rank."""
    return f"no entity has more than {rank} relation{'' if rank == 1 else 's'}" if rank else NULL
