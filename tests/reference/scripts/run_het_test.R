# White's test of vector autoregressions with R het.test: Rscript scripts/run_het_test.R (from tests/reference; reads data/)
source("scripts/common.R")
suppressPackageStartupMessages({library(vars); library(het.test)})
samples <- list(
  wgmacro = list(rows = 1:75, y = c("dl_investment", "dl_income", "dl_consumption")),
  us_macro = list(rows = 1:202, y = c("dl_realgdp", "dl_realcons", "dl_realinv")),
  canada = list(rows = 1:84, y = c("e", "prod", "rw", "U")))
E <- list(); M <- list()
for (n in names(samples)) {
  s <- samples[[n]]
  d <- read.csv(file.path("data", paste0(n, ".csv")))[s$rows, s$y]
  for (p in 1:2) for (type in c("const", "trend", "both")) {
    k <- paste0("var", p, "_", type)
    v <- VAR(d, p = p, type = type)
    t <- whites.htest(v)
    E[[n]][[k]] <- list(statistic = unname(t@.Data[[1]]), df = unname(t@.Data[[2]]), pvalue = unname(t@.Data[[3]]))
    M[[paste0(n, "/", k)]] <- list(data = n, rows = length(s$rows), variables = s$y, lags = p, type = type)
  }
}
save_case("white_het_test", pkg("vars", "het.test"), "the csv that model names", M, E, list(test = "no cross terms: levels and squares of the lags, and of the trend, beside a constant"), "scripts/run_het_test.R (+ common.R)")
