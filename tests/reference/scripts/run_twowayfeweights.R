# Weights of effects in two-way coefficients by TwoWayFEWeights: all states, those ever treated, and doses with a regressor.
# Run where the JSON is to be written: Rscript run_twowayfeweights.R FOLDER_OF_THE_DATA
suppressMessages(library(TwoWayFEWeights))
castle <- read.csv(file.path(commandArgs(trailingOnly = TRUE)[1], "castle.csv"))
d <- data.frame(i = as.numeric(factor(castle$state)), t = castle$year, y = castle$l_homicide, d = castle$post, ever = castle$effyear > 0)
rows <- seq_len(nrow(d))
d$x <- (7 * rows^2) %% 101
d$dose <- d$d * ((5 * rows^2 + rows) %% 4)
d$first <- castle$effyear
number <- function(x) sprintf("%.17g", x)
shape <- function(d, treatment, controls = NULL) {
  found <- twowayfeweights(d, "y", "i", "t", treatment, type = "feTR", summary_measures = TRUE, controls = controls)
  rows <- found$dat_result
  rows <- rows[order(rows$G, rows$T), ]
  rows <- rows[abs(rows$weight) > 0, ]
  keys <- paste0('"', rows$G, " ", rows$T, '": ', number(rows$weight), collapse = ", ")
  paste0('{"coefficient": ', number(found$beta), ', "rows": ', found$tot_cells, ', "negative": {"count": ', found$nr_minus, ', "sum": ', number(found$sum_minus),
    '}, "spread": {"zero": ', number(found$sensibility), if (!is.null(found$sensibility2)) paste0(', "opposite": ', number(found$sensibility2)),
    '}, "weights": {', keys, "}}")
}
shapes <- c(all = shape(d, "d"), ever = shape(d[d$ever, ], "d"), doses = shape(d[d$ever, ], "dose", "x"))
writeLines(c("{", ' "case": "castle_twowayfeweights",',
  paste0(' "software": "R ', getRversion(), "; TwoWayFEWeights ", packageVersion("TwoWayFEWeights"), '",'),
  ' "data": "castle.csv",', ' "script": "scripts/run_twowayfeweights.R",',
  ' "model": {"shapes": "all states; ever: the states with the law; doses: in these states, the law times (5 row^2 + row) mod 4, with the regressor (7 row^2) mod 101 (rows count from 1)"},',
  ' "conventions": {"weights": "by number of the state in the order of names, and year", "spread": "of the weights with n - 1 in place of n for zero"},',
  ' "expected": {', paste0('  "', names(shapes), '": ', shapes, collapse = ",\n"), " }", "}"), "castle_twowayfeweights.json")
