# Johansen's tests, error-correction regressions and tests of restrictions by urca; the levels model by vars.
# Run in the folder of common.R with REF_OUT set: Rscript run_cointegration.R FOLDER_OF_THE_DATA
source("common.R")
suppressPackageStartupMessages({library(urca); library(vars)})
folder <- commandArgs(trailingOnly = TRUE)[1]
series <- list(denmark = c("lrm", "lry", "ibo", "ide"), finland = c("lrm1", "lny", "lnmr", "difp"), canada = c("e", "prod", "rw", "U"))
for (data in names(series)) {
  y <- read.csv(file.path(folder, paste0(data, ".csv")))[, series[[data]]]
  expected <- list()
  for (ecdet in c("none", "const", "trend")) for (K in c(2, 3)) for (season in c(0, 4)) {
    jo <- function(type) if (season) ca.jo(y, type = type, ecdet = ecdet, K = K, spec = "transitory", season = season) else ca.jo(y, type = type, ecdet = ecdet, K = K, spec = "transitory")
    trace <- jo("trace"); eigen <- jo("eigen")
    o <- list(lambda = trace@lambda[1:4], trace = rev(trace@teststat), eigen = rev(eigen@teststat),
      trace_cval = trace@cval[4:1, ], eigen_cval = eigen@cval[4:1, ], V = unname(trace@V[, 1:4]), W = unname(trace@W[, 1:4]))
    for (r in 1:2) {
      fit <- cajorls(trace, r = r)
      o[[paste0("cajorls_", r)]] <- list(beta = unname(fit$beta), coef = coef(fit$rlm), sigma = unname(crossprod(resid(fit$rlm)) / df.residual(fit$rlm)), se = sapply(summary(fit$rlm), function(s) s$coefficients[, 2]))
    }
    if (!season) {
      v <- vec2var(trace, r = 1)
      p <- predict(v, n.ahead = 4, ci = 0.95)$fcst
      o$vec2var <- list(A = lapply(v$A, unname), deterministic = unname(v$deterministic), llf = as.numeric(logLik(v)),
        forecast = unname(sapply(p, function(f) f[, 1])), lower = unname(sapply(p, function(f) f[, 2])))
      i <- irf(v, n.ahead = 4, ortho = TRUE, boot = FALSE)$irf
      o$vec2var$irf_first <- unname(i[[1]])
    }
    # Restrictions: the first two coefficients opposite; the last variable in no relation; the last does not react.
    q <- nrow(trace@V); n <- 4
    H <- diag(q)[, -2]; H[2, 1] <- -1
    H4 <- diag(q)[, -4]
    A <- diag(n)[, -4]
    lr <- function(t) list(statistic = unname(t@teststat), pval = unname(t@pval[1]), df = unname(t@pval[2]), lambda = t@lambda[1:r], V = unname(t@V[, 1:r, drop = FALSE]))
    for (r in 1:2) {
      o[[paste0("blrtest_opposite_", r)]] <- lr(blrtest(trace, H = H, r = r))
      o[[paste0("blrtest_excluded_", r)]] <- lr(blrtest(trace, H = H4, r = r))
      o[[paste0("alrtest_", r)]] <- lr(alrtest(trace, A = A, r = r))
      o[[paste0("ablrtest_", r)]] <- lr(ablrtest(trace, A = A, H = H, r = r))
    }
    known <- matrix(0, q, 1); known[3, 1] <- 1
    o$bh5lrtest_2 <- { t <- bh5lrtest(trace, H = known, r = 2); list(statistic = unname(t@teststat), pval = unname(t@pval[1]), df = unname(t@pval[2])) }
    expected[[paste(ecdet, K, season, sep = "_")]] <- o
  }
  save_case(paste0(data, "_cointegration_urca"), pkg("urca", "vars"), paste0(data, ".csv"), list(names = "ECDET_K_SEASON", variables = series[[data]]), expected,
    list(order = "tests of rank 0 first; V and W by columns, first entry of each column of V one", opposite = "coefficients of the first two variables add up to nothing",
      excluded = "the fourth variable is in no relation", alrtest = "the fourth variable does not react", bh5lrtest = "the third variable alone is a relation"), "scripts/run_cointegration.R")
}
