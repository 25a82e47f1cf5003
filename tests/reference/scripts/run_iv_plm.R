# Instrumental variables on Grunfeld's data by plm: pooled, within, first differences, between, random effects by the
# transformations of Balestra and Varadharajan-Krishnakumar (G2SLS) and of Baltagi (EC2SLS); and by AER.
# Run where the JSON is to be written: Rscript run_iv_plm.R FOLDER_OF_THE_DATA
suppressMessages({library(plm); library(AER)})
folder <- commandArgs(trailingOnly = TRUE)[1]
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
frame <- read.csv(file.path(folder, "grunfeld.csv"))
for (k in 1:2) frame[[paste0("value", k)]] <- ave(frame$value, frame$firm, FUN = function(v) c(rep(NA, k), head(v, -k)))
frame <- na.omit(frame)
data <- pdata.frame(frame, index = c("firm", "year"))
formula <- inv ~ capital + value | capital + value1 + value2
lines <- c()
add <- function(name, fit) lines <<- c(lines, paste0('  "', name, '": {"coef": ', object(coef(fit)), ', "se": ', object(sqrt(diag(vcov(fit)))), "}"))
add("aer_pooled", ivreg(formula, data = frame))
add("pooling", plm(formula, data, model = "pooling"))
add("within", plm(formula, data, model = "within"))
add("within_twoways", plm(formula, data, model = "within", effect = "twoways"))
add("between", plm(formula, data, model = "between"))
add("fd", plm(formula, data, model = "fd"))
for (method in c("bvk", "baltagi")) add(paste0("random_", method), plm(formula, data, model = "random", inst.method = method))
tests <- summary(ivreg(formula, data = frame), diagnostics = TRUE)$diagnostics
lines <- c(lines, paste0('  "aer_tests": {"weak": ', sprintf("%.17g", tests[1, 3]), ', "wu_hausman": ', sprintf("%.17g", tests[2, 3]), ', "sargan": ', sprintf("%.17g", tests[3, 3]), "}"))
writeLines(c("{", ' "case": "grunfeld_iv_plm",', paste0(' "software": "R ', getRversion(), "; plm ", packageVersion("plm"), "; AER ", packageVersion("AER"), '",'),
  ' "data": "grunfeld.csv",', ' "script": "scripts/run_iv_plm.R",',
  ' "model": {"formula": "inv ~ capital + value | capital + value1 + value2", "value1, value2": "value 1 and 2 years earlier"},',
  ' "conventions": {"se": "roots of the diagonal of vcov(fit)"},', ' "expected": {', paste(lines, collapse = ",\n"), " }", "}"), "grunfeld_iv_plm.json")
