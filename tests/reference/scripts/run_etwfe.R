# Effects by cohort and period, and their averages, by etwfe (Wooldridge's extended two-way regression).
# Run where the JSON is to be written: Rscript run_etwfe.R FOLDER_OF_THE_DATA minimum_wage.csv
suppressMessages({library(fixest); library(etwfe); library(marginaleffects)})
setFixest_notes(FALSE)
folder <- commandArgs(trailingOnly = TRUE)
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
both <- function(a, names) {
  kept <- !is.na(a$std.error)
  paste0('{"estimate": ', object(setNames(a$estimate, names)[kept]), ', "se": ',
    object(setNames(a$std.error, names)[kept]), "}")
}
# Effects are linear in coefficients, so that differences over a step of one are derivatives without rounding.
exact <- list("fdforward", eps = 1)
effects <- function(d, x = FALSE, control = "notyet", w = FALSE, cluster = ~i, units = TRUE) {
  given <- list(if (x) y ~ x else y ~ 0, tvar = "t", gvar = "g", data = d, cgroup = control, vcov = cluster,
    fixef.tol = 1e-11)
  if (units) given$ivar <- "i"
  if (w) given$weights <- ~w
  fit <- do.call(etwfe, given)
  own <- as.data.frame(eval(fit$call$data, fit$call_env))
  own <- own[own$.Dtreat & own$g > 0, ]
  if (control == "notyet") own <- own[own$t >= own$g, ]
  cells <- as.data.frame(slopes(fit, newdata = own, variables = ".Dtreat", by = c("g", "t"),
    wts = if (w) "w" else FALSE, numderiv = exact))
  out <- paste0('"cells": ', both(cells, paste0(cells$g, ":", cells$t)))
  by <- c(simple = "overall", event = "event", group = "g", calendar = "t")
  for (type in names(by)) {
    a <- as.data.frame(do.call(emfx, c(list(fit, type, numderiv = exact), if (w) list(wts = "w"))))
    out <- c(out, paste0('"', type, '": ', both(a, if (type == "simple") "overall" else a[[by[[type]]]])))
  }
  paste0("{", paste(out, collapse = ",\n    "), "}")
}
gaps <- function(d) d[(seq_len(nrow(d)) * 5) %% 17 != 3, ]
castle <- read.csv(file.path(folder[1], "castle.csv"))
castle <- data.frame(i = as.integer(factor(castle$state)), t = castle$year, y = castle$l_homicide, g = castle$effyear)
wage <- read.csv(folder[2])
wage <- data.frame(i = wage$county, t = wage$year, y = wage$lemp, g = wage$first_treat, x = wage$lpop)
for (name in c("castle", "minimum_wage")) {
  d <- if (name == "castle") castle else wage
  d$w <- 1 + d$i %% 3
  d$state <- d$i %/% (if (name == "castle") 3 else 1000)
  sets <- list()
  for (control in c("notyet", "never")) {
    own <- list(plain = effects(d, control = control), weighted = effects(d, control = control, w = TRUE),
      clustered = effects(d, control = control, cluster = ~state), gaps = effects(gaps(d), control = control))
    if (name == "minimum_wage") {
      changing <- transform(d, x = x + sin(i * t))
      own$x <- effects(d, TRUE, control)
      own$x_weighted <- effects(d, TRUE, control, w = TRUE)
      own$x_gaps <- effects(gaps(d), TRUE, control)
      own$x_cohort_effects <- effects(d, TRUE, control, units = FALSE)
      own$changing <- effects(changing, TRUE, control)
      own$changing_gaps <- effects(gaps(changing), TRUE, control)
    }
    names(own) <- paste0(control, "_", names(own))
    sets <- c(sets, own)
  }
  lines <- paste0('  "', names(sets), '": ', unlist(sets), collapse = ",\n")
  writeLines(c("{", paste0(' "case": "', name, '_etwfe",'),
    paste0(' "software": "R ', getRversion(), "; etwfe ", packageVersion("etwfe"), "; fixest ", packageVersion("fixest"),
      "; marginaleffects ", packageVersion("marginaleffects"), '",'),
    if (name == "castle") ' "data": "castle.csv",' else ' "data": "the teaching set minimum_wage",',
    ' "script": "scripts/run_etwfe.R",',
    ' "model": {"shapes": "weights 1 + unit %% 3; clusters unit %/% 1000 (castle: 3); gaps: without rows of which (row * 5) %% 17 is 3; changing: x + sin(unit * period)"},',
    ' "conventions": {"se": "derivatives by differences over a step of one", "effects": "of units (ivar), but of cohorts in x_cohort_effects"},',
    ' "expected": {', lines, " }", "}"), paste0(name, "_etwfe.json"))
}
