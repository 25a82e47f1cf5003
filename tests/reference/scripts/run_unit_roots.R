# Unit-root tests of the Danish and Canadian series by urca and tseries.
# Run in the folder of common.R with REF_OUT set: Rscript run_unit_roots.R FOLDER_OF_THE_DATA
source("common.R")
suppressPackageStartupMessages({library(urca); library(tseries)})
folder <- commandArgs(trailingOnly = TRUE)[1]
for (data in c("denmark", "canada")) {
  table <- read.csv(file.path(folder, paste0(data, ".csv")))[, -1]
  one <- function(y) {
    o <- list()
    for (type in c("none", "drift", "trend")) for (rule in c("Fixed", "AIC", "BIC")) {
      t <- ur.df(y, type = type, lags = if (rule == "Fixed") 3 else 6, selectlags = rule)
      o[[paste("df", type, rule, sep = "_")]] <- list(statistic = unname(t@teststat[1, 1]), lags = nrow(coef(t@testreg)) - which(rownames(coef(t@testreg)) == "z.lag.1") - (type == "trend"))
    }
    for (type in c("mu", "tau")) for (lags in c("short", "long", "nil")) o[[paste("kpss", type, lags, sep = "_")]] <- list(statistic = ur.kpss(y, type = type, lags = lags)@teststat)
    for (model in c("constant", "trend")) for (lags in c("short", "long")) for (type in c("Z-tau", "Z-alpha"))
      o[[paste("pp", model, lags, type, sep = "_")]] <- list(statistic = ur.pp(y, type = type, model = model, lags = lags)@teststat)
    for (model in c("constant", "trend")) o[[paste("ers", model, sep = "_")]] <- list(statistic = unname(ur.ers(y, type = "DF-GLS", model = model, lag.max = 3)@teststat))
    suppressWarnings({
      for (type in c("Z(alpha)", "Z(t_alpha)")) { t <- pp.test(y, type = type); o[[paste0("pptest_", type)]] <- list(statistic = unname(t$statistic), lags = unname(t$parameter)) }
      t <- adf.test(y, k = 4); o$adftest <- list(statistic = unname(t$statistic))
      for (null in c("Level", "Trend")) { t <- kpss.test(y, null = null); o[[paste0("kpsstest_", null)]] <- list(statistic = unname(t$statistic), lags = unname(t$parameter), p.value = unname(t$p.value)) }
    })
    o
  }
  save_case(paste0(data, "_unit_roots_urca"), pkg("urca", "tseries"), paste0(data, ".csv"), list(names = "SERIES/TEST_..."), lapply(as.list(table), one),
    list(df = "fixed: 3 lags; else chosen among 1 to 6, all on the rows of 6"), "scripts/run_unit_roots.R")
}
