# Pedroni's (1999) statistics of package pco on Grunfeld's data, one regressor: as computed, and standardised.
# Run where the JSON is to be written: Rscript run_pco.R FOLDER_OF_THE_DATA
library(pco)
folder <- commandArgs(trailingOnly = TRUE)[1]
frame <- read.csv(file.path(folder, "grunfeld.csv"))
wide <- function(name) matrix(frame[order(frame$firm, frame$year), name], ncol = length(unique(frame$firm)))
names <- c("panel_v", "panel_rho", "panel_t", "panel_adf", "group_rho", "group_t", "group_adf")
object <- function(x) paste0("{", paste0('"', names, '": ', sprintf("%.17g", x), collapse = ", "), "}")
lines <- c()
for (pair in list(c("inv", "value"), c("inv", "capital"), c("value", "capital"))) {
  for (type in 1:3) {
    found <- pedroni99(wide(pair[1]), wide(pair[2]), type.stat = type)$STATISTIC
    key <- paste(pair[1], pair[2], c("none", "intercept", "trend")[type], sep = "_")
    lines <- c(lines, paste0('  "', key, '": {"empirical": ', object(found[, 1]), ', "standardized": ', object(found[, 2]), "}"))
  }
}
head <- c(
  "{", ' "case": "grunfeld_pco",', paste0(' "software": "R ', getRversion(), '; pco 1.0.1",'), ' "data": "grunfeld.csv",',
  ' "script": "scripts/run_pco.R",', ' "model": {"entity": "firm", "time": "year"},',
  ' "conventions": {"pedroni99": "kk = 0: 3 lags of Bartlett\'s kernel; ka = 2"},', ' "expected": {'
)
writeLines(c(head, paste(lines, collapse = ",\n"), " }", "}"), "grunfeld_pco.json")
