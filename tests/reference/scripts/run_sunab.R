# Event studies by fixest: sunab and one effect for all cohorts; whole, weighted, and with rows left out.
# Run where the JSON is to be written: Rscript run_sunab.R FOLDER_OF_THE_DATA minimum_wage.csv
suppressMessages(library(fixest))
folder <- commandArgs(trailingOnly = TRUE)
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
both <- function(table, names = rownames(table)) {
  table <- as.matrix(table)
  paste0('{"estimate": ', object(setNames(table[, 1], names)), ', "se": ', object(setNames(table[, 2], names)), "}")
}
studies <- function(d) {
  d$rows <- seq_len(nrow(d))
  d$w <- 1 + d$rows %% 3
  d$rel <- ifelse(d$g > 5000, -1, d$t - d$g)
  shapes <- list(whole = d, weighted = d, gaps = d[(d$rows * 5) %% 17 != 3, ])
  out <- c()
  for (shape in names(shapes)) {
    rows <- shapes[[shape]]
    w <- if (shape == "weighted") ~w else NULL
    fit <- feols(y ~ sunab(g, t) | i + t, rows, weights = w, cluster = ~i, fixef.tol = 1e-11, fixef.iter = 1e5)
    event <- coeftable(fit)
    overall <- coeftable(summary(fit, agg = "att"))
    cohort <- coeftable(summary(fit, agg = "cohort"))
    one <- feols(y ~ i(rel, ref = -1) | i + t, rows, weights = w, cluster = ~i, fixef.tol = 1e-11, fixef.iter = 1e5)
    one <- coeftable(one)
    level <- function(table) sub(".*::(-?[0-9]+).*", "\\1", rownames(table))
    out <- c(out, paste0('  "', shape, '": {"event": ', both(event, level(event)), ',\n   "overall": ', both(overall, "overall"),
      ',\n   "cohort": ', both(cohort, level(cohort)), ',\n   "two_way": ', both(one, level(one)), "}"))
  }
  paste(out, collapse = ",\n")
}
castle <- read.csv(file.path(folder[1], "castle.csv"))
castle <- data.frame(i = castle$state, t = castle$year, y = castle$l_homicide, g = ifelse(castle$effyear == 0, 10000, castle$effyear))
wage <- read.csv(folder[2])
wage <- data.frame(i = wage$county, t = wage$year, y = wage$lemp, g = ifelse(wage$first_treat == 0, 10000, wage$first_treat))
sets <- list(castle = castle, minimum_wage = wage)
for (name in names(sets)) writeLines(c("{", paste0(' "case": "', name, '_sunab",'),
  paste0(' "software": "R ', getRversion(), "; fixest ", packageVersion("fixest"), '",'),
  if (name == "castle") ' "data": "castle.csv",' else ' "data": "the teaching set minimum_wage",', ' "script": "scripts/run_sunab.R",',
  ' "model": {"shapes": "whole; weighted: weights 1 + row %% 3; gaps: without rows of which (row * 5) %% 17 is 3 (rows count from 1)"},',
  ' "conventions": {"se": "clustered by unit, the default small-sample factors", "rows": "in the order of the data"},',
  ' "expected": {', studies(sets[[name]]), " }", "}"), paste0(name, "_sunab.json"))
