# Structural forms by vars::SVAR and BQ on two further data sets: Rscript scripts/run_more_svar.R (then finalize.py)
source("scripts/common.R"); suppressMessages(library(vars))
read <- function(name, columns) read.csv(file.path("data", paste0(name, ".csv")))[, columns]
n <- NA
money <- read("germanm1", c("y", "p", "R", "m")); growth <- read("macro_growth", c("realgdp", "cpi", "tbilrate", "unemp", "m1")); two <- read("macro_growth", c("realgdp", "unemp")); three <- read("macro_growth", c("realgdp", "realinv", "tbilrate"))
low <- function(k) { m <- diag(k); m[lower.tri(m)] <- NA; m }
drop <- function(m, ...) { for (p in list(...)) m[p[1], p[2]] <- 0; m }
set <- function(m, i, j, v) { m[i, j] <- v; m }
models <- list(
  money_ab = list(money, 4, low(4), diag(NA, 4)),
  money_over = list(money, 4, drop(low(4), c(3, 1), c(4, 2), c(2, 1)), diag(NA, 4)),
  money_loop = list(money, 2, set(drop(low(4), c(4, 1), c(3, 2)), 1, 4, NA), diag(NA, 4)),
  money_slope = list(money, 4, set(low(4), 4, 1, -1), diag(NA, 4)),
  growth_ab = list(growth, 2, low(5), diag(NA, 5)),
  growth_over = list(growth, 2, drop(low(5), c(2, 1), c(3, 1), c(5, 2), c(5, 4)), diag(NA, 5)),
  growth_b = list(growth, 3, NULL, drop(ifelse(low(5) == 0, 0, NA), c(2, 1), c(5, 1))),
  growth_a = list(growth, 1, ifelse(low(5) == 0, 0, NA), NULL))
E <- list(); S <- list()
for (name in names(models)) {
  s <- models[[name]]; var <- VAR(s[[1]], p = s[[2]], type = "const")
  fit <- suppressWarnings(SVAR(var, Amat = s[[3]], Bmat = s[[4]], max.iter = 20000, conv.crit = 1e-12))
  o <- list(A = unname(fit$A), B = unname(fit$B), A_se = unname(fit$Ase), B_se = unname(fit$Bse), Sigma_U = unname(fit$Sigma.U / 100))
  if (!is.null(fit$LR)) o$LR <- list(statistic = unname(fit$LR$statistic), df = unname(fit$LR$parameter))
  o$irf <- lapply(irf(fit, n.ahead = 8, boot = FALSE)$irf, unname); o$irf_cumulative <- lapply(irf(fit, n.ahead = 8, boot = FALSE, cumulative = TRUE)$irf, unname)
  o$fevd <- lapply(fevd(fit, n.ahead = 8), function(z) unname(unclass(z)))
  E[[name]] <- o; cat(name, fit$iter, "\n")
  S[[name]] <- list(variables = names(s[[1]]), lags = s[[2]], a = if (is.null(s[[3]])) "none" else unname(ifelse(is.na(s[[3]]), 99, s[[3]])), b = if (is.null(s[[4]])) "none" else unname(ifelse(is.na(s[[4]]), 99, s[[4]])))
}
for (name in c("two_bq", "three_bq")) {
  y <- if (name == "two_bq") two else three; p <- if (name == "two_bq") 8 else 4
  fit <- BQ(VAR(y, p = p, type = "const"))
  E[[name]] <- list(B = unname(fit$B), LRIM = unname(fit$LRIM), Sigma_U = unname(fit$Sigma.U / 100), irf = lapply(irf(fit, n.ahead = 12, boot = FALSE)$irf, unname), irf_cumulative = lapply(irf(fit, n.ahead = 12, boot = FALSE, cumulative = TRUE)$irf, unname), fevd = lapply(fevd(fit, n.ahead = 12), function(z) unname(unclass(z))))
  S[[name]] <- list(variables = names(y), lags = p)
}
save_case("svar_more_vars", pkg("vars"), "germanm1.csv (money), macro_growth.csv", S, E, list(free = "99 marks a free entry of A or B", se = "inverse information", irf = "by shock: [horizon][response]", fevd = "by variable: [horizon][shock]", sigma = "residuals over T - m"), "scripts/run_more_svar.R (+ common.R)")
