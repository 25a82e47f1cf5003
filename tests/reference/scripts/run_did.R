# Effects by cohort and period, and their averages, by did (Callaway and Sant'Anna).
# Run where the JSON is to be written: Rscript run_did.R FOLDER_OF_THE_DATA minimum_wage.csv
suppressMessages(library(did))
folder <- commandArgs(trailingOnly = TRUE)
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
both <- function(estimate, se, names) {
  kept <- !is.na(se)
  paste0('{"estimate": ', object(setNames(estimate, names)[kept]), ', "se": ', object(setNames(se, names)[kept]), "}")
}
effects <- function(d, x, control = "nevertreated", adjustment = "dr", base = "varying", w = NULL, cluster = NULL,
                    panel = TRUE, unbalanced = FALSE, early = 0) {
  fit <- suppressWarnings(att_gt("y", "t", if (panel) "i" else NULL, "g", x, d, control_group = control,
    est_method = adjustment, base_period = base, weightsname = w, clustervars = cluster, panel = panel,
    allow_unbalanced_panel = unbalanced, anticipation = early, bstrap = FALSE, cband = FALSE))
  out <- paste0('"cells": ', both(fit$att, fit$se, paste0(fit$group, ":", fit$t)))
  for (type in c("simple", "dynamic", "group", "calendar")) {
    a <- suppressWarnings(aggte(fit, type, na.rm = TRUE, bstrap = FALSE, cband = FALSE))
    overall <- both(a$overall.att, a$overall.se, "overall")
    out <- c(out, paste0('"', type, '": ', if (type == "simple") overall else both(a$att.egt, a$se.egt, a$egt)))
    if (type != "simple") out <- c(out, paste0('"', type, '_overall": ', overall))
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
  sets <- list(never = effects(d, ~1), not_yet = effects(d, ~1, "notyettreated", base = "universal"),
    weighted = effects(d, ~1, w = "w"), clustered = effects(d, ~1, cluster = "state"),
    anticipation = effects(d, ~1, early = 1), rows = effects(gaps(d), ~1, unbalanced = TRUE),
    sections = effects(d, ~1, panel = FALSE))
  if (name == "minimum_wage") {
    sets$drop <- effects(gaps(d), ~1)
    for (adjustment in c("dr", "ipw", "reg")) {
      sets[[paste0("x_", adjustment)]] <- effects(d, ~x, "notyettreated", adjustment)
      sets[[paste0("x_sections_", adjustment)]] <- effects(d, ~x, adjustment = adjustment, panel = FALSE)
      sets[[paste0("x_rows_", adjustment)]] <- effects(gaps(d), ~x, adjustment = adjustment, unbalanced = TRUE)
      sets[[paste0("x_drop_", adjustment)]] <- effects(gaps(d), ~x, "notyettreated", adjustment, "universal", "w")
    }
  }
  lines <- paste0('  "', names(sets), '": ', unlist(sets), collapse = ",\n")
  writeLines(c("{", paste0(' "case": "', name, '_did",'),
    paste0(' "software": "R ', getRversion(), "; did ", packageVersion("did"), "; DRDID ", packageVersion("DRDID"), '",'),
    if (name == "castle") ' "data": "castle.csv",' else ' "data": "the teaching set minimum_wage",',
    ' "script": "scripts/run_did.R",',
    ' "model": {"shapes": "weights 1 + unit %% 3; clusters unit %/% 1000 (castle: 3); rows, drop: without rows of which (row * 5) %% 17 is 3"},',
    ' "conventions": {"se": "analytical, from influence functions", "rows": "in the order of the data"},',
    ' "expected": {', lines, " }", "}"), paste0(name, "_did.json"))
}
