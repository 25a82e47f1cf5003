# What the other R files leave out, on Grunfeld's data: pooled common correlated effects, mean groups with trends, effects
# as deviations, clubSandwich's joint tests, clusters in three dimensions, and the dummy-variable regression by lm.
# Run where the JSON is to be written: Rscript run_plm_more.R FOLDER_OF_THE_DATA
suppressMessages({library(plm); library(sandwich); library(clubSandwich)})
folder <- commandArgs(trailingOnly = TRUE)[1]
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
frame <- read.csv(file.path(folder, "grunfeld.csv"))
data <- pdata.frame(frame, index = c("firm", "year"))
formula <- inv ~ value + capital
root <- function(m) sqrt(diag(m))
lines <- c()
add <- function(name, ...) {
  parts <- list(...)
  lines <<- c(lines, paste0('  "', name, '": {', paste0('"', names(parts), '": ', sapply(parts, object), collapse = ", "), "}"))
}
for (model in c("p", "mg")) {
  fit <- pcce(formula, data, model = model)
  add(paste0("pcce_", model), coef = coef(fit), se = root(vcov(fit)))
}
for (model in c("mg", "cmg")) {
  fit <- pmg(formula, data, model = model, trend = TRUE)
  keep <- c("value", "capital")
  add(paste0("pmg_", model, "_trend"), coef = coef(fit)[keep], se = root(vcov(fit))[keep])
}
within <- plm(formula, data, model = "within")
deviations <- summary(fixef(within, type = "dmean"))
add("fixef_dmean", value = setNames(deviations[, 1], rownames(deviations)), se = setNames(deviations[, 2], rownames(deviations)))
ols <- lm(formula, frame)
for (kind in c("CR0", "CR2", "CR3")) {
  test <- Wald_test(ols, constrain_zero(2:3), vcov = vcovCR(ols, frame$firm, kind), test = "HTZ")
  add(paste0("htz_", kind), test = c(F = test$Fstat, df = test$df_denom, p.value = test$p_val))
}
frame$block <- frame$firm %% 3 * 10 + frame$year %/% 10
add("cluster_three", se = root(vcovCL(ols, ~ firm + year + block, type = "HC0", cadjust = FALSE)))
dummies <- lm(inv ~ value + capital + factor(firm) + factor(year), frame)
keep <- c("value", "capital")
for (kind in c("HC0", "HC1", "HC2", "HC3", "HC4")) add(paste0("dummies_twoway_", kind), se = root(vcovHC(dummies, kind))[keep])
oneway <- lm(inv ~ value + capital + factor(firm), frame)
found <- predict(oneway, frame[c(1, 57, 200), ], se.fit = TRUE)
names <- c("row0", "row56", "row199")
add("predict_oneway", fit = setNames(found$fit, names), se = setNames(found$se.fit, names))
head <- c("{", ' "case": "grunfeld_plm_more",',
  paste0(' "software": "R ', getRversion(), "; plm ", packageVersion("plm"), "; sandwich ", packageVersion("sandwich"),
         "; clubSandwich ", packageVersion("clubSandwich"), '",'),
  ' "data": "grunfeld.csv",', ' "script": "scripts/run_plm_more.R",',
  ' "model": {"formula": "inv ~ value + capital", "block": "firm %% 3 * 10 + year %/% 10"},',
  ' "conventions": {"htz": "lm with clusters by firm, both slopes zero, test = HTZ", "cluster_three": "vcovCL(~ firm + year + block, HC0, cadjust = FALSE)", "dummies_twoway": "vcovHC of lm with factor(firm) + factor(year)", "predict_oneway": "lm with factor(firm), rows counted from 0"},',
  ' "expected": {')
writeLines(c(head, paste(lines, collapse = ",\n"), " }", "}"), "grunfeld_plm_more.json")
