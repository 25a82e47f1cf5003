# Instrumental variables: plm in every transform, AER's ivreg with its diagnostics, sandwich and clubSandwich on it.
# Run in this folder with the data beside it: Rscript run_plm_iv.R ../data ../json (a file a data set).
suppressMessages({library(plm); library(AER); library(sandwich); library(clubSandwich)})
args <- commandArgs(trailingOnly = TRUE)
folder <- args[1]; out <- args[2]
show <- function(x) ifelse(is.na(x), "null", format(x, digits = 17, scientific = TRUE, trim = TRUE))
object <- function(x) paste0("{", paste0('"', names(x), '": ', sapply(x, show), collapse = ", "), "}")
nest <- function(x) paste0("{", paste0('"', names(x), '": ', unlist(x), collapse = ",\n    "), "}")
se <- function(V) sqrt(diag(V))
crime <- lcrmrte ~ lprbconv + lprbpris + lavgsen + ldensity + lwcon + lwmfg + lpctymle + lpctmin + factor(region) + smsa + factor(year) + lprbarr + lpolpc | . - lprbarr - lpolpc + ltaxpc + lmix
empluk <- lemp ~ lcapital + loutput + lwage | lcapital + loutput + lag(lwage, 1) + lag(lwage, 2)
cases <- list(crime = list(f = crime, index = c("county", "year")), empluk = list(f = empluk, index = c("firm", "year")))
for (case in names(cases)) {
  f <- cases[[case]]$f
  data <- pdata.frame(read.csv(file.path(folder, paste0(case, ".csv"))), index = cases[[case]]$index)
  lines <- list()
  specs <- list(pooling = list(model = "pooling"), within = list(model = "within"), between = list(model = "between"),
                fd = list(model = "fd"), bvk = list(model = "random", inst.method = "bvk"),
                baltagi = list(model = "random", inst.method = "baltagi"))
  # On unbalanced panels plm's Baltagi instruments do not span the quasi-demeaned exogenous regressors.
  if (case == "empluk") specs$baltagi <- NULL
  for (name in names(specs)) {
    r <- do.call(plm, c(list(f, data), specs[[name]]))
    parts <- list(coef = object(coef(r)), se = object(se(vcov(r))), rss = show(deviance(r)), df = show(df.residual(r)),
                  r2 = show(summary(r)$r.squared[["rsq"]]), adjusted = show(summary(r)$r.squared[["adjrsq"]]),
                  wald = show(unname(pwaldtest(r, test = "Chisq")$statistic)))
    if (specs[[name]]$model == "random") parts$sigma2 <- object(r$ercomp$sigma2)
    if (name %in% c("pooling", "within")) parts$arellano <- object(se(vcovHC(r, method = "arellano", type = "HC0")))
    if (name %in% c("pooling", "within")) parts$white1 <- object(se(vcovHC(r, method = "white1", type = "HC0")))
    lines[[name]] <- nest(parts)
  }
  if (case == "crime") {
    r <- ivreg(f, data = read.csv(file.path(folder, "crime.csv")))
    d <- summary(r, diagnostics = TRUE)$diagnostics
    parts <- list(coef = object(coef(r)), se = object(se(vcov(r))), r2 = show(summary(r)$r.squared),
      weak_lprbarr = show(d["Weak instruments (lprbarr)", "statistic"]),
      weak_lpolpc = show(d["Weak instruments (lpolpc)", "statistic"]),
      wu_hausman = show(d["Wu-Hausman", "statistic"]))
    for (k in c("HC0", "HC1", "HC2", "HC3")) parts[[k]] <- object(se(vcovHC(r, type = k)))
    county <- read.csv(file.path(folder, "crime.csv"))$county
    for (k in c("CR0", "CR1", "CR2", "CR3")) parts[[k]] <- object(se(as.matrix(vcovCR(r, cluster = county, type = k))))
    ct <- coef_test(r, vcov = vcovCR(r, cluster = county, type = "CR2"), test = "Satterthwaite")
    parts$CR2_df <- object(setNames(ct$df_Satt, rownames(ct)))
    lines$ivreg <- nest(parts)

    crime2 <- lcrmrte ~ lprbconv + lprbpris + lavgsen + ldensity + lprbarr + lpolpc | lprbconv + lprbpris + lavgsen + ldensity + ltaxpc + lmix + lwfed + lwsta
    r <- ivreg(crime2, data = read.csv(file.path(folder, "crime.csv")))
    d <- summary(r, diagnostics = TRUE)$diagnostics
    robust <- summary(r, diagnostics = TRUE, vcov. = function(m) vcovHC(m, type = "HC1"))$diagnostics
    lines$overidentified <- nest(list(coef = object(coef(r)), se = object(se(vcov(r))),
      weak_lprbarr = show(d[1, "statistic"]), weak_lpolpc = show(d[2, "statistic"]),
      wu_hausman = show(d[3, "statistic"]), sargan = show(d[4, "statistic"]),
      robust_weak_lprbarr = show(robust[1, "statistic"]), robust_weak_lpolpc = show(robust[2, "statistic"]),
      robust_wu_hausman = show(robust[3, "statistic"])))
  }
  head <- c("{", paste0(' "case": "', case, '_plm_iv",'),
    paste0(' "software": "R ', getRversion(), "; plm ", packageVersion("plm"), "; AER ", packageVersion("AER"), "; sandwich ", packageVersion("sandwich"), "; clubSandwich ", packageVersion("clubSandwich"), '",'),
    paste0(' "data": "', case, '.csv",'), ' "script": "scripts/run_plm_iv.R",',
    paste0(' "model": {"formula": "', paste(gsub(" +", " ", deparse(f, 500)), collapse = ""), '"},'),
    ' "conventions": {"wald": "pwaldtest, chi-squared", "arellano": "vcovHC, HC0", "white1": "vcovHC, HC0"},', ' "expected": {')
  body <- paste0('  "', names(lines), '": ', unlist(lines), collapse = ",\n")
  writeLines(c(head, body, " }", "}"), file.path(out, paste0(case, "_plm_iv.json")))
}
