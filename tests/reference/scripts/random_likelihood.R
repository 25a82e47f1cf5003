# Maximum and restricted maximum likelihood of random effects by lme4 and nlme: entity, time, two-way.
# Run from tests/reference: Rscript scripts/random_likelihood.R ; writes json/{grunfeld,empluk}_lme4.json.
suppressMessages({library(lme4); library(nlme); library(jsonlite)})

polished <- function(formula, data, reml) {
  # lme4's optimiser stops at a relative change of 1e-8 or so: its deviance is minimised again, by Newton's method.
  fit <- lmer(formula, data, REML = reml, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14)))
  deviance <- getME(fit, "devfun")
  lmer_theta <- getME(fit, "theta")
  slope <- function(theta, h = 1e-4) sapply(seq_along(theta), function(j) {
    e <- h * (seq_along(theta) == j)
    (8 * (deviance(theta + e) - deviance(theta - e)) - (deviance(theta + 2 * e) - deviance(theta - 2 * e))) / (12 * h)
  })
  theta <- lmer_theta
  if (all(theta > 0)) for (step in 1:6) {
    h <- 1e-3
    hessian <- sapply(seq_along(theta), function(j) {
      e <- h * (seq_along(theta) == j)
      (slope(theta + e) - slope(theta - e)) / (2 * h)
    })
    theta <- theta - solve(hessian, slope(theta))
  }
  deviance(theta)
  # The environment of the deviance now stands at theta; the model is rebuilt from it.
  opt <- list(par = theta, fval = deviance(theta), conv = 0, message = "polished")
  parsed <- lFormula(formula, data, REML = reml)
  mkMerMod(environment(deviance), opt, parsed$reTrms, fr = parsed$fr)
}

numbers <- function(fit) {
  spread <- as.data.frame(VarCorr(fit))
  random <- ranef(fit)
  list(
    coef = as.list(fixef(fit)),
    se = as.list(sqrt(diag(as.matrix(vcov(fit))))),
    vcov = list(names = names(fixef(fit)), values = unname(as.matrix(vcov(fit)))),
    variances = as.list(setNames(spread$vcov, spread$grp)),
    loglik = as.numeric(logLik(fit)),
    ranef = lapply(random, function(r) as.list(setNames(r[[1]], rownames(r))))
  )
}

errors <- function(formula, random, data, method) {
  # Standard errors of log sigma_u and log sigma_e, by nlme's numerical Hessian.
  fit <- lme(formula, data, random = random, method = method,
             control = lmeControl(opt = "optim", msTol = 1e-12, tolerance = 1e-12, msMaxIter = 500))
  spread <- sqrt(diag(fit$apVar))
  sigmas <- c(sqrt(as.matrix(getVarCov(fit))[1, 1]), fit$sigma)
  list(loglik = as.numeric(logLik(fit)), sigma_u_se = unname(spread[1] * sigmas[1]),
       sigma_e_se = unname(spread[2] * sigmas[2]))
}

models <- list(
  grunfeld = list(y = "inv", x = "value + capital", entity = "firm", time = "year"),
  empluk = list(y = "lemp", x = "lwage + lcapital + loutput", entity = "firm", time = "year")
)
for (data in names(models)) {
  m <- models[[data]]
  frame <- read.csv(file.path("data", paste0(data, ".csv")))
  frame[[m$entity]] <- factor(frame[[m$entity]])
  frame[[m$time]] <- factor(frame[[m$time]])
  fixed <- paste(m$y, "~", m$x)
  terms <- c(entity = sprintf("(1 | %s)", m$entity), time = sprintf("(1 | %s)", m$time))
  terms <- c(terms, twoway = paste(terms, collapse = " + "))
  out <- list()
  for (method in c("ML", "REML")) {
    fits <- lapply(terms, function(t) polished(as.formula(paste(fixed, "+", t)), frame, method == "REML"))
    pooled <- as.numeric(logLik(lm(as.formula(fixed), frame), REML = method == "REML"))
    for (effects in names(fits)) out[[paste0(effects, "_", tolower(method))]] <- numbers(fits[[effects]])
    value <- sapply(fits, function(f) as.numeric(logLik(f)))
    out[[paste0("tests_", tolower(method))]] <- list(
      entity = 2 * (value[["entity"]] - pooled), time = 2 * (value[["time"]] - pooled),
      twoway = 2 * (value[["twoway"]] - pooled),
      twoway_entity = 2 * (value[["twoway"]] - value[["time"]]), twoway_time = 2 * (value[["twoway"]] - value[["entity"]])
    )
    out[[paste0("nlme_", tolower(method))]] <- errors(as.formula(fixed), as.formula(paste("~ 1 |", m$entity)), frame, method)
  }
  document <- list(
    case = paste0(data, "_lme4"),
    software = sprintf("R %s; lme4 %s; nlme %s", getRversion(), packageVersion("lme4"), packageVersion("nlme")),
    data = paste0(data, ".csv"), script = "scripts/random_likelihood.R",
    model = list(formula = fixed, entity = m$entity, time = m$time, random = as.list(terms)),
    conventions = list(
      loglik = "ML: of the data; REML: restricted, with -1/2 log |X' Omega^-1 X|",
      vcov = "sigma_e^2 (X' Omega^-1 X)^-1, sigma_e^2 = RSS/n (ML), RSS/(n - p) (REML)",
      tests = "twice the difference of (restricted) log-likelihoods: against lm, or against the other effect alone",
      nlme = "one-way by entity; standard errors from apVar (numerical second differences of the log-likelihood)",
      precision = "theta by Newton's method on differences of lme4's deviance function after lmer stopped"
    ),
    expected = out
  )
  write(toJSON(document, auto_unbox = TRUE, digits = I(17), pretty = TRUE), file.path("json", paste0(data, "_lme4.json")))
}
