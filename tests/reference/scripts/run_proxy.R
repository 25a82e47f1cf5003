# Shocks identified by one external instrument: varexternalinstrument (externalinstrument) and pvars (id.iv, two closed forms).
# Rscript run_proxy.R FOLDER_OF_THE_DATA, with common.R beside this file and REF_OUT the folder of the JSON.
arguments <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("--file=", "", arguments[grep("--file=", arguments)]))
source(file.path(here, "common.R"))
suppressPackageStartupMessages({library(vars); library(varexternalinstrument); library(pvars)})
folder <- commandArgs(trailingOnly = TRUE)[1]
us <- na.omit(read.csv(file.path(folder, "us_macro.csv")))
german <- read.csv(file.path(folder, "germanm1.csv"))
models <- list(
  rates = list(data = us[, c("tbilrate", "infl", "unemp")], instrument = us$dl_realgdp, lags = 4),
  growth = list(data = us[, c("dl_realinv", "dl_realgdp", "dl_realcons")], instrument = us$unemp, lags = 2),
  german = list(data = german[, c("m", "p", "y")], instrument = german$R, lags = 5),
  late = list(data = us[, c("tbilrate", "infl", "unemp")], instrument = replace(us$dl_realgdp, 1:80, NA), lags = 4))
expected <- lapply(models, function(model) {
  fit <- VAR(model$data, p = model$lags, type = "const")
  own <- names(model$data)[1]
  impact <- externalinstrument(fit, model$instrument, own)
  moving <- Phi(fit, 12)
  out <- list(varexternalinstrument = list(impact = as.list(impact), irf = lapply(seq_len(13), function(h) c(moving[, , h] %*% impact))))
  if (!anyNA(model$instrument)) {
    # Of residuals and the rows they explain; its own residual covariance with degrees of freedom.
    for (form in c("MR", "JL")) {
      result <- id.iv(as.varx(fit), iv = matrix(tail(model$instrument, -model$lags), nrow = 1), S2 = form, cov_u = "SIGMA")
      out[[paste0("pvars_", form)]] <- list(impact = c(result$B))
    }
  }
  out})
save_case("proxy_r", pkg("varexternalinstrument", "pvars", "vars"), "us_macro.csv, germanm1.csv",
  lapply(models, function(model) list(variables = names(model$data), lags = model$lags, trend = "constant")),
  expected, list(impact = "of one standard deviation of the shock of the first variable", irf = "[period 0 to 12][response]", late = "the first 80 values of the instrument are missing", pvars = "SIGMA: U'U / (n - m)"),
  "scripts/run_proxy.R")
