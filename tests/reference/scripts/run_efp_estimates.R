# Estimates of windows against those of the whole sample, with R strucchange: Rscript scripts/run_efp_estimates.R
# (from tests/reference; reads data/). Regressors are scaled to unit length first: strucchange takes roots of X'X as it
# stands, which are others in other units.
source("scripts/common.R")
suppressPackageStartupMessages(library(strucchange))
samples <- list(
  wgmacro = list(rows = 1:75, y = c("dl_investment", "dl_income", "dl_consumption")),
  us_macro = list(rows = 1:202, y = c("dl_realgdp", "dl_realcons", "dl_realinv")),
  canada = list(rows = 1:84, y = c("e", "prod", "rw", "U")))
E <- list(); M <- list()
for (n in names(samples)) {
  s <- samples[[n]]
  d <- as.matrix(read.csv(file.path("data", paste0(n, ".csv")))[s$rows, s$y])
  for (p in 1:2) {
    k <- paste0("var", p, "_const"); T <- nrow(d); rows <- T - p; m <- 1 + p * ncol(d); first <- m + ncol(d) + 2
    X <- matrix(1, rows, 1)
    for (j in 1:p) X <- cbind(X, d[(p + 1 - j):(T - j), ])
    X <- sweep(X, 2, sqrt(colSums(X^2)), "/")
    for (e in s$y) {
      y <- d[(p + 1):T, e]
      for (w in c(2 * first, floor(rows / 2))) {
        f <- efp(y ~ X - 1, type = "ME", h = w / rows)
        path <- apply(abs(unclass(f$process)), 1, max)
        E[[n]][[k]][[paste0("ME_", w)]][[e]] <- list(statistic = max(path), fifth = path[5], last = path[length(path)])
      }
      g <- efp(y ~ X - 1, type = "RE")
      # The first row is zero, and the next that of m rows.
      path <- apply(abs(unclass(g$process)), 1, max)[(first - m + 2):(rows - m + 1)]
      E[[n]][[k]][[paste0("RE_", first)]][[e]] <- list(statistic = max(path), fifth = path[5], last = path[length(path)],
        pvalue = strucchange:::pvalue.efp(max(path), "Brownian bridge", FALSE, "max", k = m))
    }
    M[[paste0(n, "/", k)]] <- list(data = n, rows = length(s$rows), variables = s$y, lags = p, type = "const")
  }
}
save_case("fluctuation_estimates_strucchange", pkg("strucchange"), "the csv that model names", M, E, list(label = "type of efp, and the rows of a window, or of the first sample: the statistic is over those from it on", last = "the end of the process (of RE the last but one, which is not zero)", fifth = "its fifth value"), "scripts/run_efp_estimates.R (+ common.R)")
