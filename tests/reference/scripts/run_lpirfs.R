# Local projections by lpirfs: lp_lin, lp_lin_iv (observed and instrumented shock), lp_lin_panel.
# Rscript run_lpirfs.R FOLDER_OF_THE_DATA, with common.R beside this file and REF_OUT the folder of the JSON.
arguments <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("--file=", "", arguments[grep("--file=", arguments)]))
source(file.path(here, "common.R"))
suppressPackageStartupMessages({library(dplyr); library(lpirfs)})
folder <- commandArgs(trailingOnly = TRUE)[1]
us <- na.omit(read.csv(file.path(folder, "us_macro.csv")))
growth <- us[, c("dl_realgdp", "dl_realcons", "dl_realinv")]
rates <- us[, c("infl", "unemp")]
paths <- function(a) lapply(seq_len(dim(a)[3]), function(s) unname(a[, , s]))
# With confint = 1 the limits are "mean plus and minus one error"; half their distance is what lpirfs takes for one.
system <- function(result) list(mean = paths(result$irf_lin_mean), half = paths((result$irf_lin_up - result$irf_lin_low) / 2))
single <- function(result) list(mean = unname(result$irf_lin_mean), se = unname((result$irf_lin_up - result$irf_lin_low) / 2))
panelled <- function(result) list(mean = c(unname(unlist(result$irf_panel_mean))), se = c(unname(unlist(result$irf_panel_up) - unlist(result$irf_panel_low)) / 2))
lin <- function(...) system(lp_lin(growth, confint = 1, hor = 8, num_cores = 1, ...))
iv <- function(...) single(lp_lin_iv(rates, confint = 1, hor = 8, num_cores = 1, ...))
expected <- list(
  lin_unit = lin(lags_endog_lin = 2, trend = 0, shock_type = 1),
  lin_sd = lin(lags_endog_lin = 2, trend = 0, shock_type = 0),
  lin_trend = lin(lags_endog_lin = 4, trend = 1, shock_type = 1, nw_lag = 3, adjust_se = TRUE),
  observed = iv(shock = us["tbilrate"], lags_endog_lin = 3, trend = 0, nw_lag = 4),
  observed_trend = iv(shock = us["tbilrate"], lags_endog_lin = 2, trend = 2, nw_lag = 6, adjust_se = TRUE),
  instrumented = iv(shock = us["tbilrate"], use_twosls = TRUE, instrum = us[c("dl_realgdp")], lags_endog_lin = 3, trend = 0, nw_lag = 4),
  overidentified = iv(shock = us["tbilrate"], use_twosls = TRUE, instrum = us[c("dl_realgdp", "dl_realinv")], lags_endog_lin = 2, trend = 0, nw_lag = 4))
gasoline <- read.csv(file.path(folder, "gasoline.csv"))
names(gasoline)[1:2] <- c("cross_id", "date_id")
employment <- read.csv(file.path(folder, "empluk.csv"))
names(employment)[1:2] <- c("cross_id", "date_id")
gas <- function(...) panelled(suppressMessages(lp_lin_panel(data_set = gasoline, endog_data = "lgaspcar", shock = "lrpmg", diff_shock = FALSE, confint = 1, hor = 5, ...)))
emp <- function(...) panelled(suppressMessages(lp_lin_panel(data_set = employment, endog_data = "lemp", shock = "lwage", diff_shock = FALSE, confint = 1, hor = 3, ...)))
arellano <- list(robust_cov = "vcovHC", robust_method = "arellano", robust_type = "HC0", robust_cluster = "group")
kraay <- list(robust_cov = "vcovSCC", robust_method = NULL, robust_type = "HC0", robust_cluster = "time", robust_maxlag = 3)
with <- function(f, extra, ...) do.call(f, c(list(...), extra))
expected$panel <- list(
  classical = with(gas, list(), cumul_mult = FALSE, c_exog_data = "lincomep", l_exog_data = "lgaspcar", lags_exog_data = 2),
  arellano = with(gas, arellano, cumul_mult = FALSE, c_exog_data = "lincomep", l_exog_data = c("lgaspcar", "lrpmg"), lags_exog_data = 2),
  twoways = with(gas, arellano, cumul_mult = FALSE, panel_effect = "twoways", c_exog_data = "lincomep", l_exog_data = "lgaspcar", lags_exog_data = 1),
  driscoll_kraay = with(gas, kraay, cumul_mult = FALSE, c_exog_data = "lincomep", l_exog_data = "lgaspcar", lags_exog_data = 1),
  long_difference = with(gas, arellano, cumul_mult = TRUE, c_exog_data = "lincomep"),
  unbalanced = with(emp, arellano, cumul_mult = FALSE, c_exog_data = "lcapital", l_exog_data = "lemp", lags_exog_data = 1),
  instrumented = with(emp, arellano, cumul_mult = FALSE, iv_reg = TRUE, instrum = "loutput", c_exog_data = "lcapital"))
save_case("lpirfs", pkg("lpirfs", "plm", "sandwich"), "us_macro.csv, gasoline.csv, empluk.csv",
  list(names = "lin: dl_realgdp dl_realcons dl_realinv; observed, instrumented: infl unemp, shock tbilrate; panel: lgaspcar on lrpmg (gasoline), lemp on lwage (empluk)"),
  expected, list(lin = "[shock][response][horizon 0 to 8]", observed = "[response][horizon 0 to 7]", half = "half the distance of the limits at confint = 1"),
  "scripts/run_lpirfs.R")
