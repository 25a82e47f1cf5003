# clubSandwich on two more panels: pooled, weighted and dummy-variable regressions by lm, within models by plm; effects
# nested in the clusters and effects that cut across them; CR0 to CR3, Satterthwaite degrees of freedom, HTZ joint tests.
# Rows are left out by rule, so that both panels have gaps and clusters of unequal size.
# Run where the JSON is to be written: Rscript run_clubsandwich.R FOLDER_OF_THE_DATA
suppressMessages({library(plm); library(clubSandwich)})
folder <- commandArgs(trailingOnly = TRUE)[1]
number <- function(x) ifelse(is.finite(x), sprintf("%.17g", x), "null")
object <- function(x) paste0("{", paste0('"', names(x), '": ', number(x), collapse = ", "), "}")
kinds <- c("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3")

entry <- function(fit, cluster, keep, kind, joint, ...) {
  V <- vcovCR(fit, cluster = cluster, type = kind, ...)
  tests <- coef_test(fit, vcov = V, test = "Satterthwaite")
  rows <- match(keep, rownames(as.matrix(V)))
  se <- setNames(sqrt(diag(as.matrix(V)))[rows], keep)
  df <- setNames(tests[match(keep, tests$Coef), "df_Satt"], keep)
  out <- paste0('"se": ', object(se), ', "df_satterthwaite": ', object(df))
  if (joint) {
    test <- Wald_test(fit, constrain_zero(keep, coefs = coef(fit)), vcov = V, test = "HTZ")
    out <- paste0(out, ', "htz": ', object(c(F = test$Fstat, df = test$df_denom, p.value = test$p_val)))
  }
  paste0("{", out, "}")
}

run <- function(case, data_file, frame, y, x, entity, time, groups, rule) {
  lines <- c()
  add <- function(name, fit, cluster, keep, which = kinds, ...) {
    joint <- function(kind) kind %in% c("CR0", "CR2") || (kind == "CR3" && !inherits(fit, "plm"))
    found <- c()
    for (kind in which) {
      # CR3 inverts I - H, which is singular where a dummy lies within a cluster.
      one <- tryCatch(entry(fit, cluster, keep, kind, joint(kind), ...), error = function(e) NULL)
      if (is.null(one)) message("not given: ", name, "/", kind) else found <- c(found, paste0('"', kind, '": ', one))
    }
    lines <<- c(lines, paste0('  "', name, '": {', paste(found, collapse = ",\n    "), "}"))
  }
  pooled <- reformulate(x, y)
  dummies <- function(...) reformulate(c(x, paste0("factor(", c(...), ")")), y)
  for (g in groups) add(paste0("pooled_by_", g), lm(pooled, frame), frame[[g]], x)
  frame$weight <- 0.5 + ((seq_len(nrow(frame)) * 7) %% 11) %% 5
  add("weighted_by_entity", lm(pooled, frame, weights = weight), frame[[entity]], x, c("CR0", "CR2", "CR3"), inverse_var = TRUE)
  for (g in c(entity, time, groups)) {
    add(paste0("entity_effects_by_", g), lm(dummies(entity), frame), frame[[g]], x, c("CR0", "CR2", "CR3"))
    add(paste0("twoway_effects_by_", g), lm(dummies(entity, time), frame), frame[[g]], x, c("CR0", "CR2", "CR3"))
  }
  data <- pdata.frame(frame, index = c(entity, time))
  for (effect in c("individual", "twoways")) {
    within <- plm(pooled, data, model = "within", effect = effect)
    for (g in c("individual", "time")) add(paste0("plm_within_", effect, "_by_", g), within, g, x, c("CR0", "CR1S", "CR2"))
  }
  versions <- paste0(R.version.string, "; clubSandwich ", packageVersion("clubSandwich"), "; plm ", packageVersion("plm"))
  model <- paste0('{"formula": "', paste(deparse(pooled), collapse = ""), '", "entity": "', entity, '", "time": "', time, '", "rows": "', rule, '"}')
  writeLines(c("{", paste0('"case": "', case, '",'), paste0('"software": "', versions, '",'), paste0('"data": "', data_file, '",'),
    '"script": "scripts/run_clubsandwich.R",', paste0('"model": ', model, ","),
    '"conventions": "CR0 no factor; CR1 G/(G-1); CR1p G/(G-p); CR1S G/(G-1)(n-1)/(n-p), p the columns of lm, or the slopes of plm; weights are inverse variances",',
    '"expected": {', paste(lines, collapse = ",\n"), "}}"), paste0(case, ".json"))
}

frame <- read.csv(file.path(folder, "fatalities.csv"))
frame <- frame[(frame$state * 3 + frame$year * 5) %% 7 > 1 & !(frame$state %% 4 == 0 & frame$year > 1985), ]
frame$region <- frame$state %/% 12
frame$block <- (frame$state * frame$year) %% 9
run("fatalities_clubsandwich", "fatalities.csv", frame, "fatal", c("beertax", "unrate", "perinck"), "state", "year", c("region", "block"),
  "(3 state + 5 year) mod 7 > 1 and not (state mod 4 = 0 and year > 1985); region = state div 12, block = (state year) mod 9; weight = 0.5 + (7 row mod 11) mod 5 with row from 1")
frame <- read.csv(file.path(folder, "nlswork.csv"))
frame <- frame[frame$idcode %% 37 == 3 & complete.cases(frame[c("ln_wage", "age", "tenure", "not_smsa")]), ]
frame <- frame[frame$idcode %in% names(which(table(frame$idcode) > 2)), ]
frame$cohort <- frame$idcode %% 6
frame$block <- (frame$idcode + frame$year * frame$year) %% 11
run("nlswork_clubsandwich", "nlswork.csv", frame, "ln_wage", c("ttl_exp", "tenure", "not_smsa"), "idcode", "year", c("cohort", "block"),
  "idcode mod 37 = 3, complete in ln_wage, age, tenure, not_smsa, more than two rows a person; cohort = idcode mod 6, block = (idcode + year squared) mod 11; weight = 0.5 + (7 row mod 11) mod 5 with row from 1")
