# Pooled mean group of the CRAN package PooledMeanGroup 1.0 (archived; github.com/cran/PooledMeanGroup) on Grunfeld's data.
# Run from tests/reference: Rscript scripts/pooled_mean_group.R > json/grunfeld_pooled_mean_group.json
# The package's PMG() makes one step of the back-substitution; it is repeated here until the coefficients stand still.
suppressMessages({library(PooledMeanGroup); library(jsonlite)})
grunfeld <- read.csv("data/grunfeld.csv")

# Lags by calendar year, never across a gap.
lagged <- function(d, x, k = 1) d[[x]][match(paste(d$firm, d$year - k), paste(d$firm, d$year))]
prepare <- function(d) {
  d <- d[order(d$firm, d$year), ]
  d$ly <- lagged(d, "inv")
  d$dy <- d$inv - d$ly
  d$dvalue <- d$value - lagged(d, "value")
  d$dcapital <- d$capital - lagged(d, "capital")
  d$ldy <- lagged(d, "dy")
  d$ldvalue <- lagged(d, "dvalue")
  d
}
fit <- function(d, short, start) {
  d <- d[complete.cases(d[, c("dy", "ly", short)]), ]
  sizes <- as.vector(table(d$firm))
  step <- function(theta) PMG(paramTeta = theta, vecSR = rep(list(c("dy", short)), length(sizes)),
                              vecLR = c("ly", "value", "capital"), dataset = d, quantity = sizes, const = TRUE)
  theta <- start
  for (i in 1:20000) {
    found <- step(theta)
    new <- as.vector(found$TetaHat)
    if (max(abs(new / theta - 1)) < 1e-13) break
    theta <- new
  }
  table <- function(x) list(coef = x[, 1], se = x[, 2])
  list(iterations = i, nobs = nrow(d), rows = sizes, LogL = as.numeric(found$LogL), LR = table(found$LR),
       sigma2 = as.vector(found$varianceLR[, 1]), SR_names = c("ec", short, "const"),
       SR_coef = do.call(rbind, lapply(found$SR, function(x) x[, 1])),
       SR_se = do.call(rbind, lapply(found$SR, function(x) x[, 2])))
}
balanced <- prepare(grunfeld)
gappy <- prepare(grunfeld[(3 * grunfeld$firm + grunfeld$year) %% 17 != 0 & !(grunfeld$firm == 4 & grunfeld$year < 1938), ])
start <- as.vector(coef(lm(ly ~ value + capital - 1, balanced)))
out <- list(
  case = "grunfeld_pooled_mean_group",
  software = paste0("R ", getRversion(), "; PooledMeanGroup ", packageVersion("PooledMeanGroup")),
  data = "grunfeld.csv", script = "scripts/pooled_mean_group.R",
  model = list(long_run = "inv on value, capital", entity = "firm", time = "year",
               gappy = "rows where 3 firm + year is a multiple of 17, and firm 4 before 1938, left out; lags by calendar year"),
  conventions = list(PMG = "variances RSS/T; covariance from the inverse information matrix; LogL uses the last firm's T for all"),
  expected = list(
    ardl_1_1_1 = fit(balanced, c("dvalue", "dcapital"), start),
    ardl_1_1_1_lower_maximum = fit(balanced, c("dvalue", "dcapital"), c(0.03, 0.12)),
    ardl_2_2_1 = fit(balanced, c("ldy", "dvalue", "ldvalue", "dcapital"), start),
    gappy_ardl_1_1_1 = fit(gappy, c("dvalue", "dcapital"), start)))
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
