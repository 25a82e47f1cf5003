# Run from the reference folder:  Rscript scripts/run_pgmm.R
source("scripts/common.R")
SC <- "scripts/run_pgmm.R (+ common.R)"
## ---------------- GMM (Arellano-Bond / Blundell-Bond)
e <- pdata.frame(read.csv("data/empluk.csv"), index=c("firm","year"))
specs <- list(
 ab91_table4_b = list(f=lemp ~ lag(lemp,1:2) + lag(lwage,0:1) + lcapital + lag(loutput,0:1) | lag(lemp,2:99), tr="d", eff="twoways", col=FALSE),
 ab91_table4_a = list(f=lemp ~ lag(lemp,1:2) + lag(lwage,0:1) + lag(lcapital,0:2) + lag(loutput,0:2) | lag(lemp,2:99), tr="d", eff="twoways", col=FALSE),
 ab91_table4_b_collapse = list(f=lemp ~ lag(lemp,1:2) + lag(lwage,0:1) + lcapital + lag(loutput,0:1) | lag(lemp,2:99), tr="d", eff="twoways", col=TRUE),
 ab91_b_notimedummies = list(f=lemp ~ lag(lemp,1:2) + lag(lwage,0:1) + lcapital + lag(loutput,0:1) | lag(lemp,2:99), tr="d", eff="individual", col=FALSE),
 ab91_b_lags2to4 = list(f=lemp ~ lag(lemp,1:2) + lag(lwage,0:1) + lcapital | lag(lemp,2:4), tr="d", eff="twoways", col=FALSE),
 bb98_diff = list(f=lemp ~ lag(lemp,1) + lag(lwage,0:1) + lag(lcapital,0:1) | lag(lemp,2:99) + lag(lwage,2:99) + lag(lcapital,2:99), tr="d", eff="twoways", col=FALSE),
 bb98_system = list(f=lemp ~ lag(lemp,1) + lag(lwage,0:1) + lag(lcapital,0:1) | lag(lemp,2:99) + lag(lwage,2:99) + lag(lcapital,2:99), tr="ld", eff="twoways", col=FALSE),
 bb98_system_individual = list(f=lemp ~ lag(lemp,1) + lag(lwage,0:1) + lag(lcapital,0:1) | lag(lemp,2:99) + lag(lwage,2:99) + lag(lcapital,2:99), tr="ld", eff="individual", col=FALSE),
 bb98_system_collapse = list(f=lemp ~ lag(lemp,1) + lag(lwage,0:1) + lag(lcapital,0:1) | lag(lemp,2:99) + lag(lwage,2:99) + lag(lcapital,2:99), tr="ld", eff="twoways", col=TRUE))
E <- list()
for (nm in names(specs)) for (mod in c("onestep","twosteps")) { s <- specs[[nm]]
  E[[paste0(nm,"_",mod)]] <- try_({ m <- pgmm(s$f, data=e, effect=s$eff, model=mod, transformation=s$tr, collapse=s$col)
    sr <- summary(m, robust=TRUE, time.dummies=TRUE); sn <- summary(m, robust=FALSE, time.dummies=TRUE)
    cr <- coef(sr); cn <- coef(sn)
    dropnull(list(formula=paste(deparse(s$f, width.cutoff=500),collapse=""), effect=s$eff, model=mod, transformation=s$tr, collapse=s$col,
      coef=cr[,1], se_robust=cr[,2], z_robust=cr[,3], p_robust=cr[,4], se_nonrobust=cn[,2],
      n_used_obs=sum(sapply(residuals(m), function(z) sum(z!=0))), n_instruments=ncol(m$W[[1]]), n_entities=length(m$W),
      sargan_weights_twosteps=ht(sargan(m, weights="twosteps")), sargan_weights_onestep=ht(sargan(m, weights="onestep")), mtest1_robust=ht(mtest(m, order=1, vcov=vcovHC)), mtest2_robust=ht(mtest(m, order=2, vcov=vcovHC)), mtest1=ht(mtest(m, order=1)), mtest2=ht(mtest(m, order=2)),
      wald_coef_robust=ht(pwaldtest(m, param="coef", vcov=vcovHC)), wald_time_robust=if (s$eff=="twoways") ht(pwaldtest(m, param="time", vcov=vcovHC)) else NULL)) }) }
save_case("empluk_pgmm", pkg("plm"), "empluk.csv", list(note="log variables lemp, lwage, lcapital, loutput are columns of the CSV; lag(x,a:b) means lags a..b; part after | = GMM-style instruments; other regressors instrument themselves (differenced)"), E,
 list(robust="se_robust: one-step = Arellano-Bond robust sandwich; two-step = Windmeijer (2005) finite-sample corrected. se_nonrobust: one-step homoskedastic, two-step uncorrected. No small-sample df factor; z statistics, N(0,1). The one-step se_nonrobust has no sigma2: it is (X'W A1 W'X)^-1 with A1 = N (sum W'HW)^-1, N entities",
 time_dummies="effect='twoways' adds time dummies, differenced like any regressor in the differenced equation and their own instruments there; in system GMM (ld) their instruments, and the intercept's, stand in the level equation alone",
 system="one-step weighting matrix H: transformation d -> fsm='G' (2 on diagonal, -1 off); ld -> fsm='full' (plm defaults). Level-equation instruments: lag-1 differences of the GMM variables. System: regressors that are not GMM-instrumented instrument themselves",
 sargan="z'A z with z=sum W_i'u_i; weights_twosteps uses A2 (two-step weight matrix built from the model's first-step residuals) and is plm's default for both models (equals Hansen J for the two-step model); weights_onestep uses A1 and is NOT divided by sigma2, so it is not the textbook Sargan statistic for a one-step model; df = instruments - parameters",
 mtest="Arellano-Bond m1/m2 N(0,1) two-sided p; in system GMM the term for the error of the coefficients takes the moments of the differenced rows alone"), SC)
