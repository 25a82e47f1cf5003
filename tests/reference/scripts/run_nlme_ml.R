# Random effects by entity by maximum likelihood: nlme::lme(method = "ML"), iterated to the last digits.
# Run where the JSON is to be written: Rscript run_nlme_ml.R FOLDER_OF_THE_DATA
suppressMessages(library(nlme))
folder <- commandArgs(trailingOnly = TRUE)[1]
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
cases <- list(grunfeld = inv ~ value + capital, empluk = lemp ~ lwage + lcapital + loutput)
tight <- lmeControl(tolerance = 1e-14, msTol = 1e-14, maxIter = 500, msMaxIter = 500, opt = "nlminb")
for (case in names(cases)) {
  data <- read.csv(file.path(folder, paste0(case, ".csv")))
  fit <- do.call(lme, list(cases[[case]], data = data, random = ~ 1 | firm, method = "ML", control = tight))
  writeLines(c("{", paste0(' "case": "', case, '_nlme_ml",'),
    paste0(' "software": "R ', getRversion(), "; nlme ", packageVersion("nlme"), '",'),
    paste0(' "data": "', case, '.csv",'), ' "script": "scripts/run_nlme_ml.R",',
    paste0(' "model": {"formula": "', deparse(cases[[case]]), '", "call": "lme(formula, data, random = ~ 1 | firm, method = \\"ML\\")"},'),
    ' "conventions": {"se": "roots of the diagonal of vcov(fit)", "sigma2": "variances of the errors (idios) and of the effects (id)"},',
    ' "expected": {"ml": {', paste0('  "coef": ', object(fixef(fit)), ","),
    paste0('  "se": ', object(sqrt(diag(vcov(fit)))), ","),
    paste0('  "sigma2": ', object(c(idios = fit$sigma^2, id = as.numeric(getVarCov(fit)))), ","),
    paste0('  "loglik": ', sprintf("%.17g", as.numeric(logLik(fit)))), " }}", "}"), paste0(case, "_nlme_ml.json"))
}
