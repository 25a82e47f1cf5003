# Linear models with AR(1) errors by R panelAR 0.1: Prais-Winsten, panel-corrected errors, weighted least squares, Parks.
# Whole panel, and one with gaps: the rows with (7 firm + 5 year) divisible by 11 left out.
# Run where the JSON is to be written: Rscript run_panelar.R FOLDER_OF_THE_DATA
suppressMessages(library(panelAR))
folder <- commandArgs(trailingOnly = TRUE)[1]
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
full <- read.csv(file.path(folder, "grunfeld.csv"))
gaps <- full[(7 * full$firm + 5 * full$year) %% 11 != 0, ]
run <- function(name, data, auto, across, rho = "breg", ...) {
  data$firm <- as.character(data$firm)
  fit <- suppressMessages(suppressWarnings(panelAR(inv ~ value + capital, data = data, panelVar = "firm", timeVar = "year",
    autoCorr = auto, panelCorrMethod = across, rhotype = rho, ...)))
  r <- fit$panelStructure$rho
  paste0('  "', name, '": {"coef": ', object(coef(fit)), ', "se": ', object(sqrt(diag(fit$vcov))),
    if (auto == "ar1") paste0(', "rho": ', sprintf("%.17g", r)) else "",
    if (auto == "psar1") paste0(', "rho": [', paste(sprintf("%.17g", r), collapse = ", "), "]") else "", "}")
}
out <- c()
for (shape in c("full", "gaps")) {
  data <- if (shape == "full") full else gaps
  few <- data[data$firm <= 4, ]
  add <- function(name, ...) out <<- c(out, run(paste0(shape, "_", name), ...))
  add("none_pcse", data, "none", "pcse")
  for (rho in c("breg", "freg", "scorr", "dw", "theil-nagar")) add(paste0("ar1_pcse_", rho), data, "ar1", "pcse", rho, panel.weight = "t-1", bound.rho = FALSE)
  add("ar1_none_t", data, "ar1", "none", "dw", panel.weight = "t", bound.rho = FALSE)
  add("ar1_bounded", data, "ar1", "none", "breg", panel.weight = "t-1", bound.rho = TRUE)
  add("psar1_pcse", data, "psar1", "pcse", "scorr")
  add("psar1_pcse_casewise", data, "psar1", "pcse", "scorr", complete.case = TRUE)
  add("psar1_phet", data, "psar1", "phet", "scorr")
  add("ar1_pwls", data, "ar1", "pwls", "scorr", panel.weight = "t-1", bound.rho = FALSE)
  add("none_parks", few, "none", "parks")
  add("ar1_parks", few, "ar1", "parks", "scorr", panel.weight = "t-1", bound.rho = FALSE)
  add("psar1_parks", few, "psar1", "parks", "scorr")
}
writeLines(c("{", ' "case": "grunfeld_panelar",', paste0(' "software": "R ', getRversion(), "; panelAR ", packageVersion("panelAR"), '",'),
  ' "data": "grunfeld.csv",', ' "script": "scripts/run_panelar.R",',
  ' "model": {"formula": "inv ~ value + capital", "names": "SHAPE_AUTOCORR_METHOD...: full, or gaps (rows with (7 firm + 5 year) divisible by 11 left out); parks: firms 1 to 4"},',
  ' "conventions": {"se": "roots of the diagonal of vcov", "rho": "common, or by firm in the order of the panel"},',
  ' "expected": {', paste0(out, c(rep(",", length(out) - 1), "")), " }", "}"), "grunfeld_panelar.json")
