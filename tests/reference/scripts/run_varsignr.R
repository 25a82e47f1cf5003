# One shock identified by signs, with the posterior of the reduced form: VARsignR's rwz.reject and uhlig.reject.
# Kept are quantiles of the responses; what is compared is the share of other draws below them.
# Rscript run_varsignr.R FOLDER_OF_THE_DATA, with common.R beside this file and REF_OUT the folder of the JSON.
arguments <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("--file=", "", arguments[grep("--file=", arguments)]))
source(file.path(here, "common.R"))
suppressPackageStartupMessages(library(VARsignR))
folder <- commandArgs(trailingOnly = TRUE)[1]
us <- na.omit(read.csv(file.path(folder, "us_macro.csv")))[, c("infl", "unemp", "tbilrate")]
chances <- c(0.05, 0.16, 0.5, 0.84, 0.95)
described <- function(result) {
  found <- lapply(chances, function(chance) {
    points <- apply(result$IRFS, c(2, 3), quantile, chance)
    list(points = unname(points), shares = matrix(chance, nrow(points), ncol(points)))})
  names(found) <- paste0("chance_", chances)
  c(list(models = dim(result$IRFS)[1]), found)
}
run <- function(method, seed) {
  set.seed(seed)
  described(suppressMessages(suppressWarnings(method(Y = ts(us), nlags = 4, draws = 120000, subdraws = 1, nkeep = 20000, KMIN = 1, KMAX = 2, constrained = c(-1, 2, 3), constant = TRUE, steps = 9))))
}
capture <- function(...) {value <- NULL; invisible(capture.output(value <- run(...))); value}
expected <- list(rwz = capture(rwz.reject, 1), uhlig = capture(uhlig.reject, 2))
save_case("signs_varsignr", pkg("VARsignR"), "us_macro.csv",
  list(variables = c("infl", "unemp", "tbilrate"), lags = 4, trend = "constant", signs = "infl -, unemp +, tbilrate + in periods 0 and 1", rotations = "one for each draw of the reduced form"),
  expected, list(points = "quantiles of the responses, [period 0 to 8][response]", shares = "of the draws below them"), "scripts/run_varsignr.R")
