# Fluctuation tests of the equations of vector autoregressions with R strucchange, as vars' stability() calls it:
# Rscript scripts/run_efp.R (from tests/reference; reads data/)
source("scripts/common.R")
suppressPackageStartupMessages({library(vars); library(strucchange)})
samples <- list(
  wgmacro = list(rows = 1:75, y = c("dl_investment", "dl_income", "dl_consumption")),
  us_macro = list(rows = 1:202, y = c("dl_realgdp", "dl_realcons", "dl_realinv")),
  canada = list(rows = 1:84, y = c("e", "prod", "rw", "U")))
E <- list(); M <- list()
for (n in names(samples)) {
  s <- samples[[n]]
  d <- read.csv(file.path("data", paste0(n, ".csv")))[s$rows, s$y]
  for (p in 1:2) for (type in c("const", "both")) {
    k <- paste0("var", p, "_", type)
    v <- VAR(d, p = p, type = type)
    for (kind in c("Rec-CUSUM", "OLS-MOSUM", "Rec-MOSUM")) for (h in if (kind == "Rec-CUSUM") 0.15 else c(0.15, 0.3)) {
      f <- stability(v, type = kind, h = h)
      label <- if (kind == "Rec-CUSUM") kind else paste0(kind, "_", h)
      for (e in s$y) {
        t <- sctest(f$stability[[e]]); path <- as.numeric(f$stability[[e]]$process)
        E[[n]][[k]][[label]][[e]] <- list(statistic = unname(t$statistic), pvalue = unname(t$p.value), last = path[length(path)], fifth = path[5])
      }
    }
    M[[paste0(n, "/", k)]] <- list(data = n, rows = length(s$rows), variables = s$y, lags = p, type = type)
  }
}
save_case("fluctuation_strucchange", pkg("vars", "strucchange"), "the csv that model names", M, E, list(label = "type of efp, for moving sums with the share of the rows in the window", last = "the end of the process", fifth = "its fifth value, the first of a cumulated one being zero"), "scripts/run_efp.R (+ common.R)")
