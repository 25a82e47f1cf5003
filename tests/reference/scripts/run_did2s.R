# Two-stage differences in differences (Gardner) by the functions of R's did2s 1.2.0 (kylebutts/did2s, 8228c15).
# Run where the JSON is to be written: Rscript run_did2s.R FOLDER_OF_THE_DATA minimum_wage.csv DID2S/R/did2s.R
suppressMessages({library(fixest); library(data.table)})
given <- commandArgs(trailingOnly = TRUE)
source(given[3])
# As with didimputation: fixest would drop units with one untreated row.
setFixest_estimation(fixef.rm = "none", fixef.tol = 1e-11, fixef.iter = 1e6)
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
both <- function(fit, names) {
  paste0('{"estimate": ', object(setNames(coef(fit), names)), ', "se": ', object(setNames(sqrt(diag(vcov(fit))), names)), "}")
}
effects <- function(d, first = ~ 0 | i + t, w = NULL, cluster = "i", early = 0) {
  d$D <- as.integer(d$g > 0 & d$t >= d$g - early)
  d$rel <- ifelse(d$g > 0, d$t - d$g, Inf)
  second <- if (early == 0) ~ i(rel, ref = c(-1, Inf)) else ~ i(rel, ref = c(-2, Inf))
  # The average is over the rows from treatment on.
  d$on <- as.integer(d$g > 0 & d$t >= d$g)
  d$ahead <- d$D - d$on
  static <- did2s(d, "y", first, if (early == 0) ~ on else ~ on + ahead, "D", cluster, weights = w)
  event <- did2s(d, "y", first, second, "D", cluster, weights = w)
  overall <- paste0('{"estimate": {"overall": ', sprintf("%.17g", coef(static)[["on"]]), '}, "se": {"overall": ',
    sprintf("%.17g", sqrt(vcov(static)["on", "on"])), "}}")
  paste0('{"overall": ', overall, ',\n    "event": ', both(event, sub("rel::", "", names(coef(event)))), "}")
}
gaps <- function(d) d[(seq_len(nrow(d)) * 5) %% 17 != 3, ]
castle <- read.csv(file.path(given[1], "castle.csv"))
castle <- data.frame(i = as.integer(factor(castle$state)), t = castle$year, y = castle$l_homicide, g = castle$effyear)
wage <- read.csv(given[2])
wage <- data.frame(i = wage$county, t = wage$year, y = wage$lemp, g = wage$first_treat, x = wage$lpop)
for (name in c("castle", "minimum_wage")) {
  d <- if (name == "castle") castle else wage
  # Weights change over time.
  d$w <- 1 + (d$i + 2 * d$t) %% 3
  d$state <- d$i %/% (if (name == "castle") 3 else 1000)
  sets <- list(plain = effects(d), weighted = effects(d, w = "w"), clustered = effects(d, cluster = "state"))
  if (name == "castle") {
    sets$gaps <- effects(gaps(d), w = "w")
    sets$anticipation <- effects(d, early = 1)
  } else {
    sets$x <- effects(d, ~ 0 + i(t, x, ref = 2003) | i + t)
    sets$x_weighted <- effects(d, ~ 0 + i(t, x, ref = 2003) | i + t, w = "w")
  }
  lines <- paste0('  "', names(sets), '": ', unlist(sets), collapse = ",\n")
  writeLines(c("{", paste0(' "case": "', name, '_did2s",'),
    paste0(' "software": "R ', getRversion(), "; did2s 1.2.0; fixest ", packageVersion("fixest"), '",'),
    if (name == "castle") ' "data": "castle.csv",' else ' "data": "the teaching set minimum_wage",',
    ' "script": "scripts/run_did2s.R",',
    ' "model": {"shapes": "weights 1 + (unit + 2 year) % 3; clusters unit // 1000 (castle: 3); gaps: weighted, without rows of which (row * 5) % 17 is 3; x: with lpop by year"},',
    ' "conventions": {"se": "from the moments of both stages, no small-sample factor", "fixef.rm": "none"},',
    ' "expected": {', lines, " }", "}"), paste0(name, "_did2s.json"))
}
