# Generalised least squares by nlme::gls: maximum likelihood with a variance for each firm, and a given autoregressive
# coefficient in continuous time. Whole panel, and one with gaps: rows with (7 firm + 5 year) divisible by 11 left out.
# Run where the JSON is to be written: Rscript run_nlme_gls.R FOLDER_OF_THE_DATA
suppressMessages(library(nlme))
folder <- commandArgs(trailingOnly = TRUE)[1]
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
full <- read.csv(file.path(folder, "grunfeld.csv"))
gaps <- full[(7 * full$firm + 5 * full$year) %% 11 != 0, ]
tight <- glsControl(tolerance = 1e-14, msTol = 1e-14, maxIter = 500, msMaxIter = 500, opt = "nlminb")
one <- function(name, fit, likelihood) paste0('  "', name, '": {"coef": ', object(coef(fit)), ', "se": ', object(sqrt(diag(vcov(fit)))),
  if (likelihood) paste0(', "loglik": ', sprintf("%.17g", as.numeric(logLik(fit)))) else "", "}")
out <- c()
for (shape in c("full", "gaps")) {
  data <- if (shape == "full") full else gaps
  out <- c(out,
    one(paste0(shape, "_variances"), gls(inv ~ value + capital, data, weights = varIdent(form = ~ 1 | firm), method = "ML", control = tight), TRUE),
    one(paste0(shape, "_ar1"), gls(inv ~ value + capital, data, correlation = corCAR1(0.6, ~ year | firm, fixed = TRUE), method = "ML", control = tight), TRUE))
}
writeLines(c("{", ' "case": "grunfeld_nlme_gls",', paste0(' "software": "R ', getRversion(), "; nlme ", packageVersion("nlme"), '",'),
  ' "data": "grunfeld.csv",', ' "script": "scripts/run_nlme_gls.R",',
  ' "model": {"formula": "inv ~ value + capital", "names": "SHAPE_MODEL: full, or gaps (rows with (7 firm + 5 year) divisible by 11 left out); variances by firm (ML), or corCAR1 with coefficient 0.6 given"},',
  ' "conventions": {"se": "roots of the diagonal of vcov: sigma2 with n - k", "loglik": "logLik, sigma2 with n"},',
  ' "expected": {', paste0(out, c(rep(",", length(out) - 1), "")), " }", "}"), "grunfeld_nlme_gls.json")
