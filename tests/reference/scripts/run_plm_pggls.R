# General feasible GLS by plm::pggls: the unbalanced panel, and its balanced years 1978 to 1982.
# Run where the JSON is to be written: Rscript run_plm_pggls.R FOLDER_OF_THE_DATA
suppressMessages(library(plm))
folder <- commandArgs(trailingOnly = TRUE)[1]
object <- function(x) paste0("{", paste0('"', names(x), '": ', sprintf("%.17g", x), collapse = ", "), "}")
full <- read.csv(file.path(folder, "empluk.csv"))
out <- c()
for (shape in c("unbalanced", "balanced")) for (model in c("pooling", "within", "fd")) {
  data <- if (shape == "balanced") full[full$year >= 1978 & full$year <= 1982, ] else full
  fit <- pggls(lemp ~ lwage + lcapital, data = data, index = c("firm", "year"), model = model)
  out <- c(out, paste0('  "', shape, "_", model, '": {"coef": ', object(coef(fit)), ', "se": ', object(sqrt(diag(vcov(fit)))), "}"))
}
writeLines(c("{", ' "case": "empluk_plm_pggls",', paste0(' "software": "R ', getRversion(), "; plm ", packageVersion("plm"), '",'),
  ' "data": "empluk.csv",', ' "script": "scripts/run_plm_pggls.R",',
  ' "model": {"formula": "lemp ~ lwage + lcapital", "names": "SHAPE_MODEL: unbalanced, or balanced (years 1978 to 1982)"},',
  ' "conventions": {"se": "roots of the diagonal of vcov"},',
  ' "expected": {', paste0(out, c(rep(",", length(out) - 1), "")), " }", "}"), "empluk_plm_pggls.json")
