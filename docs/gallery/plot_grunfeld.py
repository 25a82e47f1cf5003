"""
Investment of eleven firms
==========================

What moves a firm's investment, its market value or its stock of capital?
"""

import panelvar as pv

grunfeld = pv.load_data("grunfeld")
fixed = pv.fit_fixed_effects(grunfeld, "invest ~ value + capital", effects="entity", cov="cluster")
fixed.summary()

# %%
# The coefficients and their intervals:

_ = pv.plot_coefficients({"fixed effects": fixed})
