# plm, sandwich and clubSandwich on the panels of make_panels.py and make_gasoline.R (run from tests/reference, REF_OUT=json).
source("scripts/plm_panel_suite.R")
for (name in c("scattered", "staggered", "threefirms", "gasoline")) {
  d <- read.csv(file.path("data", paste0(name, ".csv")))
  x <- setdiff(names(d), c("firm", "year", "y", "lgaspcar"))
  f <- reformulate(x, intersect(c("y", "lgaspcar"), names(d)))
  suppressWarnings(panel_suite(d, f, c("firm", "year"), name, paste0(name, ".csv"), "scripts/run_panels.R (+ common.R, plm_panel_suite.R, finalize.py)", lags = 0:2))
}
