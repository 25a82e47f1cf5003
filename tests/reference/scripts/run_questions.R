# Questions after a fit: marginal effects by marginaleffects, functions of coefficients by car's deltaMethod, joint tests
# by car's linearHypothesis, frames by broom. Regressions by lm, errors classical and HC1 (sandwich).
# Run in the folder of the scripts: REF_OUT=../json Rscript run_questions.R ../data
source("common.R")
suppressPackageStartupMessages({library(marginaleffects); library(car); library(broom)})
folder <- commandArgs(trailingOnly = TRUE)[1]
effects <- function(frame) {
  label <- frame$term
  if (!is.null(frame$contrast)) label <- ifelse(grepl("^[de]Y/[de]X$", frame$contrast), label, paste0(label, ": ", frame$contrast))
  list(estimate = setNames(frame$estimate, label), se = setNames(frame$std.error, label))
}
elasticities <- function(m, variables, ...) {
  kinds <- c("eyex", "dyex", "eydx")
  lapply(setNames(kinds, kinds), function(kind) slopes_of(m, variables = variables, slope = kind, ...))
}
predictions_of <- function(m, ...) avg_predictions(m, numderiv = "richardson", ...)
predicted <- function(frame) list(estimate = frame$estimate, se = frame$std.error)
predicted_at <- function(m, grid) {
  frames <- lapply(seq_len(nrow(grid)), function(i) {
    rows <- datagrid_rows(m, grid[i, , drop = FALSE])
    predictions_of(m, newdata = rows)
  })
  list(estimate = vapply(frames, function(f) f$estimate, 0), se = vapply(frames, function(f) f$std.error, 0))
}
predicted_by <- function(m, group) {
  frame <- predictions_of(m, by = group)
  predicted(frame[order(frame[[group]]), ])
}
slopes_of <- function(m, ...) effects(avg_slopes(m, numderiv = "richardson", ...))
by_group <- function(m, variable, group, ...) {
  frame <- avg_slopes(m, variables = variable, by = group, numderiv = "richardson", ...)
  frame <- frame[order(frame[[group]]), ]
  list(estimate = frame$estimate, se = frame$std.error)
}
at_values <- function(m, variable, grid) {
  # One value at a time, all else as observed: averages over counterfactual rows.
  frames <- lapply(seq_len(nrow(grid)), function(i) do.call(avg_slopes, list(m, variables = variable,
    newdata = datagrid_rows(m, grid[i, , drop = FALSE]), numderiv = "richardson")))
  list(estimate = vapply(frames, function(f) f$estimate, 0), se = vapply(frames, function(f) f$std.error, 0))
}
datagrid_rows <- function(m, point) {
  rows <- insight::get_data(m)
  for (name in names(point)) rows[[name]] <- point[[name]]
  rows
}
delta <- function(m, ...) {
  found <- deltaMethod(m, ...)
  list(estimate = found$Estimate, se = found$SE)
}
joint <- function(m, rows, ...) {
  test <- linearHypothesis(m, rows, ...)
  list(F = test$F[2], df = test$Df[2], df_denominator = test$Res.Df[2], p.value = test[["Pr(>F)"]][2])
}
tidied <- function(m) {
  frame <- as.data.frame(tidy(m, conf.int = TRUE))
  lapply(setNames(names(frame)[-1], names(frame)[-1]), function(column) setNames(frame[[column]], frame$term))
}
expected <- function(m, variable, numeric, grid, group, ratios, together) {
  list(average = slopes_of(m), average_hc1 = slopes_of(m, vcov = "HC1"),
    means = effects(slopes(m, newdata = "mean", variables = variable, numderiv = "richardson")),
    at = at_values(m, variable, grid), over = by_group(m, variable, group),
    elasticities = elasticities(m, numeric), elasticities_hc1 = elasticities(m, numeric, vcov = "HC1"),
    eyex_over = by_group(m, variable, group, slope = "eyex"),
    predictions = list(average = predicted(predictions_of(m)), at = predicted_at(m, grid),
      over = predicted_by(m, group)),
    delta = lapply(ratios, function(r) delta(m, r)),
    joint = joint(m, together), joint_hc1 = joint(m, together, vcov. = hccm(m, type = "hc1")),
    tidy = tidied(m), glance = lapply(as.list(glance(m)), unname))
}

mtcars <- read.csv(file.path(folder, "mtcars.csv"))
m <- lm(mpg ~ cyl * hp + log(disp) + I(wt^2) + wt, mtcars)
# newdata = "mean" rounds the means of whole numbers.
means <- as.data.frame(lapply(mtcars[c("mpg", "cyl", "hp", "disp", "wt")], mean))
save_case("mtcars_questions", pkg("marginaleffects", "car", "broom", "sandwich"), "mtcars.csv",
  "mpg ~ cyl * hp + log(disp) + I(wt^2) + wt; slopes of hp and wt at wt = 2, 3, 4; over gear",
  c(expected(m, "wt", c("cyl", "hp", "disp", "wt"), data.frame(wt = c(2, 3, 4)), "gear", list(
    a = "wt/`I(wt^2)`", b = "-wt/(2*`I(wt^2)`)",
    c = "exp(wt) + `log(disp)`^2", d = "sqrt(`cyl:hp`)*log(-cyl)"), c("cyl", "hp", "cyl:hp")),
    list(eyex_means = effects(slopes(m, newdata = means, variables = "wt", slope = "eyex", numderiv = "richardson")))),
  "marginaleffects differentiates numerically (Richardson); deltaMethod by symbols", "scripts/run_questions.R")

fatalities <- read.csv(file.path(folder, "fatalities.csv"))
fatalities$year <- factor(fatalities$year)
m <- lm(fatal ~ beertax * unrate + perinck + I(perinck^2) + year + sqrt(spircons) * beertax, fatalities)
p <- lm(fatal ~ beertax * poly(perinck, 3) + unrate, fatalities)
save_case("fatalities_questions", pkg("marginaleffects", "car", "broom", "sandwich"), "fatalities.csv",
  "fatal ~ beertax * unrate + perinck + I(perinck^2) + C(year) + sqrt(spircons) * beertax; effects of beertax at unrate = 4, 10; over year; poly: fatal ~ beertax * poly(perinck, 3) + unrate",
  c(expected(m, "beertax", c("beertax", "unrate", "perinck", "spircons"), data.frame(unrate = c(4, 10)), "year", list(
    a = "beertax/`beertax:unrate`",
    b = "`beertax:sqrt(spircons)`*beertax"), c("year1983", "year1984", "year1988")), list(
    predictions_year = predicted(predictions_of(m, variables = "year")), poly = slopes_of(p), poly_over = by_group(p, "perinck", "year"))),
  "marginaleffects differentiates numerically (Richardson); deltaMethod by symbols", "scripts/run_questions.R")
