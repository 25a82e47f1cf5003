# Structural error-correction models by vars::SVEC: Rscript scripts/run_svec.R (then finalize.py)
source("scripts/common.R"); suppressMessages(library(vars))
read <- function(name, columns) read.csv(file.path("data", paste0(name, ".csv")))[, columns]
free <- function(...) { m <- matrix(NA, 4, 4); for (p in list(...)) m[p[[1]], p[[2]]] <- 0; m }
canada <- list(read("canada", c("prod", "e", "U", "rw")), "trend", 3, 1)
finland <- list(read("finland", c("lrm1", "lny", "lnmr", "difp")), "none", 2, 2)
denmark <- list(read("denmark", c("lrm", "lry", "ibo", "ide")), "const", 2, 1)
# canada_just and canada_over are those of Pfaff (2008), Journal of Statistical Software 27(4), section 3.4.
models <- list(
  canada_just = c(canada, list(LR = free(list(1, 2:4), list(2:4, 4)), SR = free(list(4, 2)))),
  canada_over = c(canada, list(LR = free(list(1, 2:4), list(2:4, 4), list(3, 3)), SR = free(list(4, 2)))),
  finland_just = c(finland, list(LR = free(list(1:4, 3), list(1:4, 4), list(2, 1)), SR = free(list(4, 3)))),
  finland_over = c(finland, list(LR = free(list(1:4, 3), list(1:4, 4), list(2, 1)), SR = free(list(4, 3), list(4, 1), list(3, 2)))),
  denmark_over = c(denmark, list(LR = free(list(1:4, 1), list(2, 3:4)), SR = free(list(3, 4), list(1, 3)))))
E <- list(); S <- list()
for (name in names(models)) {
  s <- models[[name]]; set.seed(1)
  vecm <- ca.jo(s[[1]], type = "trace", ecdet = s[[2]], K = s[[3]], spec = "transitory")
  fit <- suppressWarnings(do.call(SVEC, list(vecm, LR = s$LR, SR = s$SR, r = s[[4]], max.iter = 20000, conv.crit = 1e-13)))
  o <- list(SR = unname(fit$SR), LR = unname(fit$LR), Sigma_U = unname(fit$Sigma.U / 100), log_likelihood = as.numeric(logLik(fit)), restrictions = fit$Restrictions)
  if (!is.null(fit$LRover)) o$LRover <- list(statistic = unname(fit$LRover$statistic), df = unname(fit$LRover$parameter), pval = unname(fit$LRover$p.value))
  o$irf <- lapply(irf(fit, n.ahead = 12, boot = FALSE)$irf, unname)
  o$fevd <- lapply(fevd(fit, n.ahead = 12), function(z) unname(unclass(z)))
  E[[name]] <- o; cat(name, fit$iter, "\n")
  code <- function(m) unname(ifelse(is.na(m), 99, m))
  S[[name]] <- list(variables = names(s[[1]]), ecdet = s[[2]], lags = s[[3]], rank = s[[4]], LR = code(s$LR), SR = code(s$SR))
}
save_case("svec_vars", pkg("vars", "urca"), "canada.csv, finland.csv, denmark.csv", S, E, list(free = "99 marks a free entry of LR or SR", sigma = "residuals over T", irf = "by shock: [horizon][response]", fevd = "by variable: [horizon][shock]", LRover = "absent where just identified"), "scripts/run_svec.R (+ common.R)")
