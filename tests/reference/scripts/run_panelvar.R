# Panel VARs with R panelvar 0.5.6. Run from the reference folder: Rscript scripts/run_panelvar.R
source("scripts/common.R"); suppressPackageStartupMessages(library(panelvar)); SC <- "scripts/run_panelvar.R (+ common.R)"
pvar_suite <- function(df, vars, ent, tim, label, data_file, SC, lags=1, exog=NULL, variants=NULL) {
  E <- list()
  for (k in names(variants)) { a <- variants[[k]]; E[[k]] <- try_({
    args <- c(list(dependent_vars=vars, lags=a$lags, transformation=a$tr, data=df, panel_identifier=c(ent,tim), steps=a$steps, system_instruments=isTRUE(a$sys), collapse=isTRUE(a$collapse), progressbar=FALSE), if (!is.null(a$maxi)) list(max_instr_dependent_vars=a$maxi), if (!is.null(a$exog)) list(exog_vars=a$exog), if (isTRUE(a$sys)) list(system_constant=isTRUE(a$const)))
    m <- suppressWarnings(do.call(pvargmm, args)); st <- m[[if (a$steps=="onestep") "first_step" else "second_step"]]
    o <- list(spec=dropnull(list(lags=a$lags, transformation=a$tr, steps=a$steps, system=isTRUE(a$sys), constant=if (isTRUE(a$sys)) isTRUE(a$const) else NULL, collapse=isTRUE(a$collapse), max_instr=a$maxi, exog=a$exog)), nobs=nobs_(m), coef=as.matrix(coef(m)))
    s <- try_(panelvar::se(m)); o$se <- if (is.list(s)) s else as.matrix(s)
    hj <- try_(hansen_j_test(m)); o$hansen <- if (!is.null(hj$error)) hj else lapply(unclass(hj), function(z) if (is.character(z)) z else unname(as.numeric(as.matrix(z))))
    sb <- try_(panelvar::stability(m)); o$stability <- if (!is.null(sb$error)) sb else list(modulus=sb$Modulus, re=Re(sb$Eigenvalue), im=Im(sb$Eigenvalue))
    mm <- try_(Andrews_Lu_MMSC(m)); o$andrews_lu <- if (!is.null(mm$error)) mm else lapply(mm, as.numeric)
    oi <- try_(oirf(m, n.ahead=8)); o$oirf <- unclass(oi); gi <- try_(girf(m, n.ahead=8, ma_approx_steps=8)); o$girf <- unclass(gi); fv <- try_(fevd_orthogonal(m, n.ahead=8)); o$fevd <- unclass(fv)
    o }) }
  E$pvarfeols_lag1 <- try_({ m <- pvarfeols(dependent_vars=vars, lags=1, transformation="demean", data=df, panel_identifier=c(ent,tim)); list(coef=as.matrix(m$OLS$coef), se=as.matrix(m$OLS$se), oirf=try_(unclass(oirf(m, n.ahead=8))), fevd=try_(unclass(fevd_orthogonal(m, n.ahead=8)))) })
  E$pvarfeols_lag2 <- try_({ m <- pvarfeols(dependent_vars=vars, lags=2, transformation="demean", data=df, panel_identifier=c(ent,tim)); list(coef=as.matrix(m$OLS$coef), se=as.matrix(m$OLS$se)) })
  save_case(paste0(label,"_panelvar"), pkg("panelvar"), data_file, list(variables=vars, entity=ent, time=tim), E, list(
   pvargmm="GMM PVAR. transformation fd or fod (forward orthogonal); coef matrix rows = equations (fd_/fod_ prefix), cols = regressors (lag1_x ...); se: one-step robust / two-step Windmeijer as panelvar reports; instruments: lagged levels of dependent variables (lag >= 2, up to max_instr if given), block per period unless collapse; system_instruments adds lagged differences for the levels equations",
   hansen="Hansen J statistic, p, df (order as in panelvar)", oirf="per impulse: rows h=1..8 (h=1 is impact), cols responses; Cholesky of residual covariance as computed by panelvar (of transformed residuals)", pvarfeols="within (demeaned) OLS for each equation, Nickell-biased; se = clustered as in panelvar"), SC)
}
nobs_ <- function(m) try_(c(nobs=m$nof_observations, nof_groups=m$nof_groups, instrument_rows=nrow(m$instruments[[1]])))
e <- read.csv("data/empluk.csv")
V <- list(ab_lag1_fd_onestep=list(lags=1,tr="fd",steps="onestep"), ab_lag1_fd_twostep=list(lags=1,tr="fd",steps="twostep"), lag1_fod_twostep=list(lags=1,tr="fod",steps="twostep"), lag1_fod_twostep_max4=list(lags=1,tr="fod",steps="twostep",maxi=4L), lag1_fd_twostep_collapse=list(lags=1,tr="fd",steps="twostep",collapse=TRUE), lag2_fd_twostep=list(lags=2,tr="fd",steps="twostep"), sys_lag1_fd_twostep=list(lags=1,tr="fd",steps="twostep",sys=TRUE,const=TRUE))
pvar_suite(e, c("lemp","lwage"), "firm","year","empluk","empluk.csv",SC, variants=V)
d <- read.csv("data/dahlberg.csv")
V <- list(lag1_fod_onestep=list(lags=1,tr="fod",steps="onestep"), lag1_fod_twostep=list(lags=1,tr="fod",steps="twostep"), lag2_fd_onestep=list(lags=2,tr="fd",steps="onestep"), lag1_fd_twostep=list(lags=1,tr="fd",steps="twostep"), lag1_fod_twostep_max4_collapse=list(lags=1,tr="fod",steps="twostep",maxi=4L,collapse=TRUE), sys_lag1_fd_twostep=list(lags=1,tr="fd",steps="twostep",sys=TRUE,const=TRUE))
pvar_suite(d, c("expenditures","revenues","grants"), "id","year","dahlberg","dahlberg.csv",SC, variants=V)
