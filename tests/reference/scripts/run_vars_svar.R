# Structural forms by vars::SVAR and BQ.
# Run where the JSON is to be written: Rscript run_vars_svar.R FOLDER_OF_THE_DATA
suppressMessages(library(vars))
folder <- commandArgs(trailingOnly = TRUE)[1]
rows <- function(x) paste0("[", paste(apply(x, 1, function(r) paste0("[", paste(sprintf("%.17g", r), collapse = ", "), "]")), collapse = ", "), "]")
field <- function(name, value) paste0('"', name, '": ', value)
number <- function(x) sprintf("%.17g", x)
data <- list(
  us = na.omit(read.csv(file.path(folder, "us_macro.csv"))[, c("dl_realgdp", "dl_realcons", "dl_realinv")]),
  canada = read.csv(file.path(folder, "canada.csv"))[, c("prod", "e", "U", "rw")])
n <- NA
diagonal <- function(k) diag(NA, k)
a3 <- matrix(c(1, n, n, 0, 1, n, 0, 0, 1), 3)
over3 <- matrix(c(1, n, 0, 0, 1, n, 0, 0, 1), 3)
slope3 <- matrix(c(1, n, n, 0.3, 1, n, 0, 0, 1), 3)
b3 <- matrix(c(n, n, n, 0, n, 0, 0, 0, n), 3)
a4 <- matrix(c(1, n, n, n, 0, 1, n, n, 0, 0, 1, n, 0, 0, 0, 1), 4)
over4 <- matrix(c(1, n, 0, n, 0, 1, n, 0, 0, 0, 1, n, 0, 0, 0, 1), 4)
b4 <- matrix(c(n, 0, n, n, n, n, 0, n, 0, 0, n, n, 0, 0, 0, n), 4)
models <- list(
  us_ab = list("us", 3, a3, diagonal(3)), us_over = list("us", 3, over3, diagonal(3)), us_slope = list("us", 2, slope3, diagonal(3)),
  us_b = list("us", 3, NULL, b3), us_a = list("us", 3, ifelse(lower.tri(diag(3), TRUE), NA, 0), NULL),
  canada_ab = list("canada", 2, a4, diagonal(4)), canada_over = list("canada", 2, over4, diagonal(4)), canada_b = list("canada", 2, NULL, b4))
out <- c()
for (name in names(models)) {
  m <- models[[name]]
  var <- VAR(data[[m[[1]]]], p = m[[2]], type = "const")
  fit <- suppressWarnings(SVAR(var, Amat = m[[3]], Bmat = m[[4]], max.iter = 20000, conv.crit = 1e-12))
  responses <- irf(fit, n.ahead = 8, boot = FALSE)$irf
  shares <- fevd(fit, n.ahead = 8)
  lr <- if (is.null(fit$LR)) NULL else c(field("LR", number(fit$LR$statistic)), field("df", number(fit$LR$parameter)))
  out <- c(out, paste0('  "', name, '": {', paste(c(field("A", rows(fit$A)), field("B", rows(fit$B)), field("A_se", rows(fit$Ase)),
    field("B_se", rows(fit$Bse)), field("Sigma_U", rows(fit$Sigma.U / 100)), lr,
    field("irf", paste0("[", paste(sapply(responses, rows), collapse = ", "), "]")),
    field("fevd", paste0("[", paste(sapply(shares, rows), collapse = ", "), "]"))), collapse = ", "), "}"))
}
bq <- BQ(VAR(data$us, p = 2, type = "const"))
out <- c(out, paste0('  "us_bq": {', paste(c(field("B", rows(bq$B)), field("LRIM", rows(bq$LRIM)),
  field("irf", paste0("[", paste(sapply(irf(bq, n.ahead = 8, boot = FALSE)$irf, rows), collapse = ", "), "]"))), collapse = ", "), "}"))
writeLines(c("{", ' "case": "svar_vars",', paste0(' "software": "R ', getRversion(), "; vars ", packageVersion("vars"), '",'),
  ' "data": "us_macro.csv, canada.csv",', ' "script": "scripts/run_vars_svar.R",',
  ' "model": {"names": "us: dl_realgdp dl_realcons dl_realinv; canada: prod e U rw; lags 3 (us_slope, us_bq: 2) and 2; patterns in the script"},',
  ' "conventions": {"se": "inverse information", "irf": "[shock][horizon 0 to 8][response]", "fevd": "[variable][horizon 1 to 8][shock]", "sigma": "residuals over T - m"},',
  ' "expected": {', paste0(out, c(rep(",", length(out) - 1), "")), " }", "}"), "svar_vars.json")
