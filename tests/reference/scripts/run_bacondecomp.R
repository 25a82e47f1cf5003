# The decomposition of Goodman-Bacon by bacondecomp: without regressors, and with two.
# Run where the JSON is to be written: Rscript run_bacondecomp.R FOLDER_OF_THE_DATA minimum_wage.csv
suppressMessages(library(bacondecomp))
folder <- commandArgs(trailingOnly = TRUE)
number <- function(x) sprintf("%.17g", x)
parts <- function(table) {
  name <- function(x) ifelse(x == 99999, "never", x)
  keys <- paste0('"', name(table$treated), " ", name(table$untreated), '": ')
  column <- function(x) paste0("{", paste0(keys, number(x), collapse = ", "), "}")
  paste0('{"estimate": ', column(table$estimate), ', "weight": ', column(table$weight), "}")
}
castle <- read.csv(file.path(folder[1], "castle.csv"))
castle <- data.frame(i = castle$state, t = castle$year, y = castle$l_homicide, d = castle$post)
wage <- read.csv(folder[2])
wage <- data.frame(i = wage$county, t = wage$year, y = wage$lemp, d = as.numeric(wage$first_treat > 0 & wage$year >= wage$first_treat))
sets <- list(castle = castle, minimum_wage = wage)
for (name in names(sets)) {
  d <- sets[[name]]
  rows <- seq_len(nrow(d))
  d$x <- (7 * rows^2) %% 101
  d$z <- d$t * ((5 * rows^2 + rows) %% 103) / 1000
  plain <- bacon(y ~ d, d, "i", "t", quietly = TRUE)
  with <- bacon(y ~ d + x + z, d, "i", "t", quietly = TRUE)
  coefficient <- function(formula) number(coef(lm(update(formula, . ~ . + factor(i) + factor(t)), d))["d"])
  writeLines(c("{", paste0(' "case": "', name, '_bacondecomp",'),
    paste0(' "software": "R ', getRversion(), "; bacondecomp ", packageVersion("bacondecomp"), '",'),
    if (name == "castle") ' "data": "castle.csv",' else ' "data": "the teaching set minimum_wage",',
    ' "script": "scripts/run_bacondecomp.R",',
    ' "model": {"regressors": "x: (7 row^2) mod 101; z: period * ((5 row^2 + row) mod 103) / 1000 (rows count from 1)"},',
    ' "conventions": {"names": "treated cohort, then the one it is compared with; with regressors the earlier stands first"},',
    ' "expected": {', paste0('  "plain": {"coefficient": ', coefficient(y ~ d), ', "parts": ', parts(plain), "},"),
    paste0('  "regressors": {"coefficient": ', coefficient(y ~ d + x + z), ', "within": {"estimate": ', number(with$beta_hat_w),
      ', "weight": ', number(with$Omega), '}, "between": ', parts(with$two_by_twos), "}"), " }", "}"),
    paste0(name, "_bacondecomp.json"))
}
