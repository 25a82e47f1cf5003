"""Hypotheses of tests of cointegration in panels, in words."""

NULL = "no entity is cointegrated"
SOME = "some entities are cointegrated"
EVERY = "all entities are cointegrated"
ALL = "all entities are cointegrated, in one relation and with one root"
