# Variance components that the other plm files leave out: every method, effect and panel shape that plm 2.6-5 estimates.
# Run in this folder with the data beside it: Rscript run_plm_components.R ../data
suppressMessages(library(plm))
folder <- commandArgs(trailingOnly = TRUE)[1]
show <- function(x) format(x, digits = 17, scientific = TRUE, trim = TRUE)
object <- function(x) paste0("{", paste0('"', names(x), '": ', sapply(x, show), collapse = ", "), "}")
cases <- list(grunfeld = inv ~ value + capital, empluk = lemp ~ lwage + lcapital + loutput)
done <- list(
  grunfeld = c("individual_swar", "individual_walhus", "individual_amemiya", "individual_nerlove", "time_swar",
               "twoways_swar", "twoways_walhus", "twoways_amemiya"),
  empluk = c("individual_swar", "individual_walhus", "individual_amemiya", "time_swar", "twoways_swar"))
for (case in names(cases)) {
  data <- pdata.frame(read.csv(file.path(folder, paste0(case, ".csv"))), index = c("firm", "year"))
  lines <- c()
  for (effect in c("individual", "time", "twoways")) for (method in c("swar", "walhus", "amemiya", "nerlove")) {
    name <- paste0(effect, "_", method)
    if (name %in% done[[case]]) next
    fit <- plm(cases[[case]], data, model = "random", effect = effect, random.method = method)
    parts <- list(coef = coef(fit), sigma2 = ercomp(fit)$sigma2)
    # Two-way unbalanced: plm's covariance leaves out the error variance.
    if (!(case == "empluk" && effect == "twoways")) parts$se <- sqrt(diag(vcov(fit)))
    text <- paste0('"', names(parts), '": ', sapply(parts, object), collapse = ", ")
    lines <- c(lines, paste0('  "random_', name, '": {', text, "}"))
  }
  head <- c("{", paste0(' "case": "', case, '_plm_components",'),
    paste0(' "software": "R ', getRversion(), "; plm ", packageVersion("plm"), '",'),
    paste0(' "data": "', case, '.csv",'), ' "script": "scripts/run_plm_components.R",',
    paste0(' "model": {"formula": "', deparse(cases[[case]]), '", "call": "plm(formula, data, model = \\"random\\", effect, random.method)"},'),
    ' "conventions": {"sigma2": "ercomp(fit)$sigma2", "se": "roots of the diagonal of vcov(fit); not given for two-way models of the unbalanced panel, where plm leaves out the error variance"},',
    ' "expected": {')
  writeLines(c(head, paste(lines, collapse = ",\n"), " }", "}"), paste0(case, "_plm_components.json"))
}
