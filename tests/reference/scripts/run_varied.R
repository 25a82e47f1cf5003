# Vector autoregressions on varied series with R vars: Rscript scripts/run_varied.R (reads scripts/varied.json and data/; then finalize.py)
library(jsonlite)
source("scripts/common.R")
suppressPackageStartupMessages(library(vars))
specs <- fromJSON("scripts/varied.json", simplifyVector = TRUE, simplifyDataFrame = FALSE, simplifyMatrix = FALSE)
TYPES <- c(n = "none", c = "const", t = "trend", ct = "both")
dump <- function(s) {
  d <- read.csv(file.path("data", paste0(s$data, ".csv")))
  d <- d[(s$rows[1] + 1):s$rows[2], ]
  y <- d[, s$variables]; p <- s$lags; h <- 10
  season <- if (s$seasons > 0) s$seasons else NULL
  exogen <- future <- NULL
  if (length(s$exogenous)) {
    x <- as.matrix(d[, s$exogenous, drop = FALSE]); colnames(x) <- s$exogenous; n <- nrow(x); k <- s$exogenous_lags
    stopifnot(k <= p)
    ahead <- x[(n - 7):n, , drop = FALSE]; whole <- rbind(x, ahead)
    lagged <- function(m) { out <- m; if (k > 0) for (l in 1:k) { z <- rbind(matrix(0, l, ncol(m)), m[1:(nrow(m) - l), , drop = FALSE]); colnames(z) <- paste0("L", l, ".", colnames(m)); out <- cbind(out, z) }; out }
    exogen <- lagged(x); future <- lagged(whole)[n + 1:8, , drop = FALSE]
  }
  a <- list(y = y, p = p, type = TYPES[[s$trend]]); a$season <- season; if (!is.null(exogen)) a$exogen <- exogen
  assign("y", y, globalenv()); assign("exogen", exogen, globalenv()); assign("future", future, globalenv())
  v <- do.call(VAR, a); sm <- summary(v); U <- resid(v); k1 <- ncol(v$datamat) - v$K
  eq <- lapply(v$varresult, function(m) { ct <- coef(summary(m)); list(coef=ct[,1], se=ct[,2], t=ct[,3], p=ct[,4], r2=summary(m)$r.squared, adj_r2=summary(m)$adj.r.squared, sigma=summary(m)$sigma, df=m$df.residual) })
  o <- list(nobs_total=v$totobs, nobs_eff=v$obs, n_regressors_per_eq=k1, equations=eq, logLik=c(logLik(v)), AIC=AIC(v), BIC=BIC(v), sigma_u_df=sm$covres, sigma_u_ml=crossprod(U)/v$obs, resid_corr=sm$corres, det_sigma_ml=det(crossprod(U)/v$obs))
  r <- try_(roots(v, modulus = FALSE)); if (!is.list(r)) { o$roots_modulus <- Mod(r); o$companion_roots <- list(re = Re(r), im = Im(r)) }
  o$irf <- irf(v, n.ahead=h, ortho=FALSE, boot=FALSE)$irf; o$oirf <- irf(v, n.ahead=h, ortho=TRUE, boot=FALSE)$irf
  o$oirf_cumulative <- irf(v, n.ahead=h, ortho=TRUE, boot=FALSE, cumulative=TRUE)$irf; o$irf_cumulative <- irf(v, n.ahead=h, ortho=FALSE, boot=FALSE, cumulative=TRUE)$irf
  o$fevd <- lapply(fevd(v, n.ahead = h), unclass)
  for (vv in colnames(y)) { ca <- try_(causality(v, cause = vv)); o$causality[[vv]] <- if (!is.null(ca$error)) ca else list(granger=ht(ca$Granger), instant=ht(ca$Instant))
    cr <- try_(causality(v, cause = vv, vcov. = sandwich::vcovHC(v))); o$causality_granger_vcovHC_HC3[[vv]] <- if (!is.null(cr$error)) cr else ht(cr$Granger) }
  for (L in s$pts) for (ty in c("PT.asymptotic","PT.adjusted")) if (L < v$obs && L > p) o$serial[[paste0(ty,"_lags",L)]] <- try_(ht(serial.test(v, lags.pt=L, type=ty)$serial))
  for (L in s$bg) for (ty in c("BG","ES")) if (k1 + v$K*L + v$K < v$obs) o$serial[[paste0(ty,"_lags",L)]] <- try_(ht(serial.test(v, lags.bg=L, type=ty)$serial))
  for (q in s$arch) if (1 + q*v$K*(v$K+1)/2 < v$obs - q - 1 - v$K*(v$K+1)/2) { z <- try_(arch.test(v, lags.multi=q, lags.single=q, multivariate.only=FALSE)); o$arch[[paste0("lags",q)]] <- if (!is.null(z$error)) z else list(multivariate=ht(z$arch.mul), univariate=lapply(z$arch.uni, ht)) }
  nt <- try_(normality.test(v, multivariate.only=FALSE)); o$normality <- if (!is.null(nt$error)) nt else list(multivariate=lapply(nt$jb.mul, ht), univariate=lapply(nt$jb.uni, ht))
  pr <- try_(predict(v, n.ahead = 8, ci = 0.95, dumvar = future)$fcst); o$forecast <- if (!is.null(pr$error)) pr else lapply(pr, unclass)
  z <- VARselect(y, lag.max = s$max_lags, type = TYPES[[s$trend]], season = season, exogen = exogen)
  o$varselect <- list(lag_max = s$max_lags, selection = z$selection, criteria = z$criteria)
  st <- try_(stability(v, type = "OLS-CUSUM")); if (is.null(st$error)) for (vv in colnames(y)) { pr <- st$stability[[vv]]; tt <- strucchange::sctest(pr); o$cusum[[vv]] <- list(statistic = unname(tt$statistic), p.value = unname(tt$p.value), last = as.numeric(pr$process)[length(pr$process) - 5]) }
  res <- try_(restrict(v, method = "ser", thresh = 2.0)); if (is.null(res$error)) { o$restricted <- list(matrix = lapply(1:nrow(res$restrictions), function(i) res$restrictions[i, ]), equations = lapply(res$varresult, function(m) { ct <- coef(summary(m)); list(coef = setNames(ct[,1], rownames(ct)), se = setNames(ct[,2], rownames(ct))) })) }
  o
}
E <- list()
for (n in names(specs)) { s <- specs[[n]]; if (s$trend == "ctt") next; r <- tryCatch(dump(s), error = function(e) { cat(n, conditionMessage(e), "\n"); NULL }); if (!is.null(r)) E[[n]] <- r; cat(n, "\n") }
save_case("varied_vars", pkg("vars", "strucchange"), "the csv that model names", specs[names(E)], E, list(terms="lags then const, trend, centred seasonal dummies sd1.., exogenous variables (lag l as Ll.x); the first rows of their lags are 0 and lie before the rows used", forecast="h = 1..8, exogenous variables repeat their last 8 values", restricted="restrict(method=ser, thresh=2): matrix of ones and zeros by equation", cusum="stability(type=OLS-CUSUM): largest absolute value, p-value, and the process six rows before the end", others="as canada_vars.json"), "scripts/run_varied.R (+ common.R, varied.json)")
