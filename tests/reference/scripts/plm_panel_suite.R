# panel_suite(): every static-panel reference group for one dataset, with R plm / sandwich / clubSandwich.
source(file.path(Sys.getenv("REF_SCRIPTS","scripts"), "common.R"))
CONV_FIT <- list(
 se="classical: s2*(X'X)^-1 of the transformed model; s2 = RSS/df_residual; p-values: t(df_residual) two-sided for all but random effects, which uses z (standard normal)",
 df_residual="pooling: n-k; within individual: n-N-k; within time: n-T-k; within twoways: n-N-(T-1)-k; fd: (n-N)-k incl. intercept; between: N-k; random: n-k (k counts the intercept where present)",
 fd="fd: plm keeps an intercept in the differenced equation (formula intercept is retained); fd_nointercept: formula with -1 (the usual textbook / linearmodels FD). With gaps plm differences CONSECUTIVE ROWS of an entity even when a period is missing between them (row-wise), see produc_gappy notes",
 between="plm between: regression on entity means, one row per entity, UNWEIGHTED also when unbalanced",
 random="FGLS by quasi-demeaning; variance components in 'ercomp'; ercomp idios = sigma2_e, id = sigma2_mu, time = sigma2_lambda; theta per entity when unbalanced. The intercept is quasi-demeaned too. rss is of the quasi-demeaned model; R2 = 1-rss/tss of the quasi-demeaned data",
 r2="r2_summary = c(rsq, adjrsq) as printed by summary(): 1-RSS/TSS on transformed data; adjrsq = 1-(1-rsq)*(nobs-1)/df_residual in every model (for within the df_residual excludes the absorbed effects), verified. r2_cor = squared correlation of transformed y and fitted; r2_rss = 1-rss/tss; r2_ess = ess/tss",
 wald="pwaldtest: F uses df2 = df_residual, joint test of slopes, classical vcov")
CONV_COV <- list(
 names="plm vcovHC method white1 (no within-group correlation, White), white2 (group-constant variance), arellano (cluster sandwich). cluster='group' or 'time'",
 types="type HC0: no correction; sss: Stata-like small sample correction. In plm: HC1 multiplies V by n/(n-k); sss multiplies V by G/(G-1)*(n-1)/(n-k) with G = number of clusters (arellano, SCC: groups or periods of the cluster dimension; white1/white2: G = n). QUIRK for fd models: HC1 uses (n_diff)/(n_levels-k), e.g. Grunfeld 190/197 (< 1), because plm takes n before differencing; sss for fd correctly uses n_diff; HC2 u/sqrt(1-h); HC3 u/(1-h); HC4 as Cribari-Neto. n = number of rows of transformed data, k = columns of transformed X (so for within k excludes the absorbed effects), h = diag of hat matrix of transformed X",
 dc="vcovDC = cluster(group)+cluster(time)-white1 (each with the given type)",
 scc="vcovSCC: Driscoll-Kraay, Bartlett weights 1-l/(maxlag+1); default maxlag = floor(T^(1/4))",
 bk="vcovBK cluster='time' is Beck-Katz PCSE (contemporaneous correlation), cluster='group' is the transpose (unrestricted within-group covariance). Balanced: Omega = E'E/T; unbalanced: pairwise-mean over available observations. type HC0..HC3 weight the residuals first",
 nw="vcovNW: Newey-West panel (within group) with maxlag, Bartlett",
 clubSandwich="CR0 no correction; CR1 G/(G-1); CR1p G/(G-p); CR1S G/(G-1)*(n-1)/(n-p), CR2 bias-reduced, CR3 jackknife approx. For within models clubSandwich absorbs fixed effects in the design (p counts only slopes in vcovCR.plm for CR1S). Satterthwaite df from coef_test")
panel_suite <- function(df, formula, index, label, data_file, script, tests=TRUE, ercomps=c("swar","walhus","amemiya","nerlove"),
                        cov_models=NULL, twoway_re=c("swar","walhus","amemiya"), lags=0:4, club=TRUE, fixef_out=TRUE, heavy=TRUE, plmtests=TRUE, drop_hat=FALSE) {
  pd <- pdata.frame(df, index=index)
  fml <- formula; fstr <- paste(deparse(formula), collapse=" ")
  dims <- pdim(pd); base <- list(formula=fstr, entity=index[1], time=index[2], n_entities=dims$nT$n, n_times=dims$nT$T, n_obs=dims$nT$N, balanced=dims$balanced,
    punbalancedness=punbalancedness(pd))
  M <- list()
  fit <- function(...) tryCatch(plm(fml, data=pd, ...), error=function(e) e)
  M$pooling <- fit(model="pooling")
  M$between_individual <- fit(model="between"); M$between_time <- fit(model="between", effect="time")
  M$within_individual <- fit(model="within"); M$within_time <- fit(model="within", effect="time"); M$within_twoways <- fit(model="within", effect="twoways")
  M$fd <- fit(model="fd"); fml0 <- update(fml, . ~ . - 1); M$fd_nointercept <- tryCatch(plm(fml0, data=pd, model="fd"), error=function(e) e)
  for (e in ercomps) M[[paste0("random_individual_", e)]] <- fit(model="random", random.method=e)
  for (e in ercomps) M[[paste0("random_time_", e)]] <- fit(model="random", effect="time", random.method=e)
  for (e in twoway_re) M[[paste0("random_twoways_", e)]] <- fit(model="random", effect="twoways", random.method=e)
  # ---- fits
  E <- list()
  for (nm in names(M)) { m <- M[[nm]]
    if (inherits(m, "error")) { E[[nm]] <- list(error=paste("software refused:", conditionMessage(m))); next }
    d <- try_(fit_dump(m)); if (!is.null(d$error)) { E[[nm]] <- d; next }
    if (grepl("^within", nm) && fixef_out) {
      if (nm != "within_twoways") { fe <- fixef(m, type="level"); d$fixef_level <- c(unclass(fe)); attributes(d$fixef_level) <- list(names=names(fe))
        sfe <- summary(fe); d$fixef_level_se <- sfe[,2]
      } else { for (ef in c("individual","time")) { fe <- try_(fixef(m, effect=ef, type="level")); if (!is.list(fe)) { nmz <- names(fe); fe <- as.numeric(fe); names(fe) <- nmz }; d[[paste0("fixef_level_", ef)]] <- fe } }
      wi <- try_(within_intercept(m)); d$within_intercept <- if (is.list(wi)) wi else { a <- as.numeric(wi); c(value=a, se=attr(wi,"se")) }
    }
    if (grepl("^random", nm)) { ec <- m$ercomp
      d$ercomp <- list(sigma2=ec$sigma2, theta= if (is.list(ec$theta)) lapply(ec$theta, function(z) {z<-unclass(z); if (length(unique(z))==1) unname(z[1]) else { zz <- z; zz } }) else { z<-unclass(ec$theta); attributes(z)<-NULL; if (length(unique(z))==1) z[1] else z })
      d$ranef <- if (fixef_out && nm=="random_individual_swar") { r <- ranef(m); nmz <- names(r); r <- as.numeric(r); names(r) <- nmz; r } else NULL
    }
    E[[nm]] <- d }
  save_case(paste0(label, "_plm_fits"), pkg("plm"), data_file, c(base, list(models=names(M))), E, CONV_FIT, script)
  # ---- covariances
  if (is.null(cov_models)) cov_models <- c("pooling","within_individual","within_time","within_twoways","random_individual_swar","random_twoways_swar","fd")
  types <- c("HC0","sss","HC1","HC2","HC3","HC4"); if (drop_hat) types <- c("HC0","sss","HC1","HC2","HC3")
  E <- list()
  for (nm in cov_models) { m <- M[[nm]]; if (is.null(m) || inherits(m,"error")) next
    o <- list()
    for (ty in types) o$vcovHC_white1[[ty]] <- sev(vcovHC(m, method="white1", type=ty))
    for (ty in types) o$vcovHC_white2[[ty]] <- sev(vcovHC(m, method="white2", type=ty))
    for (ty in types) o$vcovHC_arellano_group[[ty]] <- sev(vcovHC(m, method="arellano", type=ty, cluster="group"))
    if (nm != "between_individual") {
    for (ty in types) o$vcovHC_arellano_time[[ty]] <- sev(vcovHC(m, method="arellano", type=ty, cluster="time"))
    for (ty in types) o$vcovDC[[ty]] <- sev(vcovDC(m, type=ty))
    for (L in lags) for (ty in c("HC0","sss","HC1")) o$vcovSCC[[paste0("maxlag",L)]][[ty]] <- sev(vcovSCC(m, type=ty, maxlag=L))
    o$vcovSCC$default_maxlag <- list(HC0=sev(vcovSCC(m)))
    for (L in lags[lags<=3]) o$vcovNW[[paste0("maxlag",L)]] <- list(HC0=sev(vcovNW(m, maxlag=L)))
    if (heavy) for (ty in c("HC0","HC1","HC2","HC3")) { o$vcovBK_time[[ty]] <- sev(vcovBK(m, type=ty, cluster="time")); o$vcovBK_group[[ty]] <- sev(vcovBK(m, type=ty, cluster="group"))
       o$vcovBK_time_diagonal[[ty]] <- sev(vcovBK(m, type=ty, cluster="time", diagonal=TRUE)); o$vcovBK_group_diagonal[[ty]] <- sev(vcovBK(m, type=ty, cluster="group", diagonal=TRUE)) }
    }
    o$full_vcov <- list(vcovHC_white1_HC0=vc(vcovHC(m, method="white1", type="HC0")), vcovHC_arellano_group_sss=vc(vcovHC(m, method="arellano", type="sss")))
    if (nm != "between_individual") { o$full_vcov$vcovDC_HC0 <- vc(vcovDC(m)); o$full_vcov$vcovSCC_maxlag2_HC0 <- vc(vcovSCC(m, maxlag=2)) 
      if (heavy) o$full_vcov$vcovBK_time_HC0 <- vc(vcovBK(m, cluster="time")) }
    # robust joint Wald test
    o$pwaldtest_F_arellano_HC0 <- ht(pwaldtest(m, test="F", vcov=vcovHC(m, method="arellano", type="HC0")))
    o$pwaldtest_chisq_arellano_HC0 <- ht(pwaldtest(m, test="Chisq", vcov=vcovHC(m, method="arellano", type="HC0")))
    if (club && nm %in% c("pooling","within_individual","within_twoways","random_individual_swar")) {
      for (cl in (if (nm=="random_individual_swar") "individual" else c("individual","time"))) if (nm!="fd") for (ty in c("CR0","CR1","CR1p","CR1S","CR2","CR3"))
        o[[paste0("clubSandwich_", cl)]][[ty]] <- try_({ V <- clubSandwich::vcovCR(m, cluster=cl, type=ty); ct <- clubSandwich::coef_test(m, vcov=V, test=c("Satterthwaite"))
          z <- ct$SE; names(z) <- rownames(ct); dfz <- ct$df_Satt; if (is.null(dfz)) dfz <- ct$df; names(dfz) <- rownames(ct); list(se=z, df_satterthwaite=dfz) })
    }
    E[[nm]] <- o }
  save_case(paste0(label, "_plm_cov"), pkg("plm","clubSandwich"), data_file, c(base, list(models=names(E))), E, CONV_COV, script)
  # ---- lm + sandwich (pooled OLS with independent code)
  lmm <- lm(fml, data=df); g <- df[[index[1]]]; tt <- df[[index[2]]]
  mf <- as.integer(rownames(model.frame(lmm))); 
  E <- list(coef=coef(lmm), se=summary(lmm)$coef[,2], sigma2=summary(lmm)$sigma^2, r2=summary(lmm)$r.squared, adj_r2=summary(lmm)$adj.r.squared, F=summary(lmm)$fstatistic,
     logLik=c(logLik(lmm)), AIC=AIC(lmm), BIC=BIC(lmm))
  for (ty in c("const","HC0","HC1","HC2","HC3","HC4","HC4m","HC5")) E$vcovHC[[ty]] <- sev(sandwich::vcovHC(lmm, type=ty))
  for (cl in list(list("entity", g), list("time", tt), list("entity_time", data.frame(g,tt)))) {
    for (ty in c("HC0","HC1","HC2","HC3")) if (!(cl[[1]]!="entity" && ty %in% c("HC2","HC3") && !heavy)) for (ca in c(TRUE,FALSE)) E[[paste0("vcovCL_", cl[[1]])]][[paste0(ty, "_cadjust", ca)]] <- sev(vcovCL(lmm, cluster=cl[[2]], type=ty, cadjust=ca))
  }
  E$vcovCL_entity_time_multi0TRUE <- list(HC0_cadjustTRUE=sev(vcovCL(lmm, cluster=data.frame(g,tt), type="HC0", multi0=TRUE)), HC1_cadjustTRUE=sev(vcovCL(lmm, cluster=data.frame(g,tt), type="HC1", multi0=TRUE)))
  for (ag in c(TRUE,FALSE)) for (L in c("NW1987","max","P2009")) for (adj in c(TRUE,FALSE)) E$vcovPL[[paste0("aggregate",ag,"_lag",L,"_adjust",adj)]] <- sev(vcovPL(lmm, cluster=g, order.by=tt, lag=L, aggregate=ag, adjust=adj))
  for (pw in c(FALSE,TRUE)) E$vcovPC[[paste0("pairwise", pw)]] <- sev(vcovPC(lmm, cluster=g, order.by=tt, pairwise=pw))
  save_case(paste0(label, "_sandwich_lm"), pkg("sandwich"), data_file, c(base, list(estimator="pooled OLS by lm(); covariances by package sandwich")), E,
    list(vcovHC="HC1: n/(n-k); const: s2 (X'X)^-1 with s2=RSS/(n-k)", vcovCL="type HC0/HC1: HC1 multiplies by (n-1)/(n-k); cadjust=TRUE multiplies by G/(G-1) for each cluster dimension; default type HC1 for lm => Stata's G/(G-1)*(n-1)/(n-k). HC2/HC3 leverage corrected (cluster-block hat matrix). two-way = V_g+V_t-V_gt where the last is the intersection (each row its own cluster here, also cadjusted with G=n unless multi0=TRUE uses HC0 without cadjust for the intersection)",
    vcovPL="aggregate=TRUE: Driscoll-Kraay, aggregate=FALSE: within-cluster Newey-West panel; Bartlett weights (kernel default 'Bartlett'); lag 'NW1987' = floor(T^(1/4)), 'max' = T-1, 'P2009' = T-1 with Petersen weights; adjust=TRUE multiplies by n/(n-k)", vcovPC="Beck-Katz panel-corrected; pairwise only matters when unbalanced; pairwise=FALSE uses only the balanced subset of times"), script)
  # ---- tests
  if (!tests) return(invisible(M))
  T <- list(); po <- M$pooling; wi <- M$within_individual; wt <- M$within_time; w2 <- M$within_twoways; re <- M$random_individual_swar; fd <- M$fd; be <- M$between_individual
  ok <- function(...) !any(vapply(list(...), inherits, TRUE, "error"))
  T$pFtest <- list(individual=ht(pFtest(wi, po)), time=ht(pFtest(wt, po)), twoways_vs_pooling=ht(pFtest(w2, po)), twoways_vs_individual=ht(pFtest(w2, wi)), twoways_vs_time=ht(pFtest(w2, wt)))
  for (ef in c("individual","time","twoways")) for (ty in c("bp","honda","kw","ghm")) { if (ty=="ghm" && ef!="twoways") next; T$plmtest[[ef]][[ty]] <- ht(plmtest(po, effect=ef, type=ty)) }
  T$phtest <- list(within_vs_random_swar_chisq=ht(phtest(wi, re)), within_vs_between=ht(phtest(wi, be)), between_vs_random=ht(phtest(be, re)),
     aux=ht(phtest(fml, data=pd, method="aux")), aux_robust_arellano_HC0=ht(phtest(fml, data=pd, method="aux", vcov=vcovHC)), aux_robust_arellano_sss=ht(phtest(fml, data=pd, method="aux", vcov=function(x) vcovHC(x, method="arellano", type="sss"))),
     within_time_vs_random_time_swar=ht(phtest(wt, M$random_time_swar)), within_twoways_vs_random_twoways_swar=if (is.null(M$random_twoways_swar)) NULL else ht(phtest(w2, M$random_twoways_swar)))
  for (o in 1:3) for (nm in c("pooling","within_individual","random_individual_swar","fd")) { T$pbgtest[[nm]][[paste0("order",o,"_Chisq")]] <- ht(pbgtest(M[[nm]], order=o)); T$pbgtest[[nm]][[paste0("order",o,"_F")]] <- ht(pbgtest(M[[nm]], order=o, type="F")) }
  for (nm in c("pooling","within_individual","random_individual_swar")) T$pdwtest[[nm]] <- try_({ h <- pdwtest(M[[nm]]); list(method=h$method, statistic=h$statistic, p.value=unname(h$p.value), alternative=h$alternative) })
  T$pwartest <- list(default=ht(pwartest(wi)))
  T$pwfdtest <- list(h0_fd=ht(pwfdtest(fml, data=pd, h0="fd")), h0_fe=ht(pwfdtest(fml, data=pd, h0="fe")))
  T$pwtest <- list(individual=ht(pwtest(po, effect="individual")), time=ht(pwtest(po, effect="time")))
  for (nm in c("pooling","within_individual","within_twoways","random_individual_swar")) for (ty in c("cd","lm","sclm","bcsclm","rho","absrho")) if (!(ty=="bcsclm" && !grepl("^within",nm))) T$pcdtest[[nm]][[ty]] <- ht(pcdtest(M[[nm]], test=ty))
  T$pbltest <- list(twosided=ht(pbltest(fml, data=df, index=index)), onesided=ht(pbltest(fml, data=df, index=index, alternative="onesided")))
  T$pbsytest <- list(ar=ht(pbsytest(po, test="ar")), re_onesided=ht(pbsytest(po, test="re", re.normal=TRUE)), re_twosided=ht(pbsytest(po, test="re", re.normal=FALSE)), j=ht(pbsytest(po, test="j")))
  for (ty in c("bnf","lbi")) T$pbnftest[[ty]] <- try_({h <- pbnftest(wi, test=ty); list(method=h$method, statistic=h$statistic)})
  # Durbin-Wu / poolability
  T$pooltest <- list(within=ht(pooltest(fml, data=pd, model="within")), pooling=ht(pooltest(fml, data=pd, model="pooling")))
  # note variable addition tests
  save_case(paste0(label, "_plm_tests"), pkg("plm"), data_file, base, T, list(
    pFtest="F((RSS_r-RSS_u)/(df_r-df_u))/(RSS_u/df_u)", plmtest="bp: chi2(1) (twoways chi2(2)); honda, kw: N(0,1) upper tail (p-value = 1-Phi(stat)); ghm: chibarsq mixture (df 0,1,2; weights 1/4,1/2,1/4), upper tail; unbalanced versions of Baltagi/Li",
    phtest="chisq: (b1-b2)'(V1-V2)^-1(b1-b2) over the slopes common to both, absolute value of the quadratic form; V's classical as reported by each model (different s2). aux: Wald test of the demeaned regressors in the auxiliary quasi-demeaned regression (chi2; swar)",
    pbgtest="Breusch-Godfrey on (quasi-)demeaned data via lmtest::bgtest, fill=0 pre-sample; order chosen; Chisq unless _F", pwartest="Wooldridge serial correlation test for FE 'short' panels: regress demeaned resid on lag, H0 rho=-1/(T-1); F stat with arellano robust vcov", pwfdtest="Wooldridge first-difference test", pcdtest="cd: Pesaran CD N(0,1) two-sided; lm: BP LM chi2(N(N-1)/2) ; sclm: scaled LM N(0,1) two-sided as implemented; residuals of the given model (fd: differenced residuals)",
    pbltest="Baltagi-Li LM test of AR(1) under RE (needs ML via nlme)", pbsytest="Bera, Sosa-Escudero, Yoon; ar/re one-sided or two-sided per re.normal: re.normal=TRUE N(0,1) one-sided for test='re'",
    pbnftest="Bhargava et al. DW and Baltagi-Wu LBI (statistics only, no p-value)", pdwtest="Durbin-Watson on the (quasi-)demeaned series; p by lmtest::dwtest (Pan/normal algorithm)"), script)
  invisible(M)
}
