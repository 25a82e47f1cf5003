# Intervals of HonestDiD (Rambachan and Roth), from its sources, for estimates and covariances in a JSON file.
# Run: Rscript run_honestdid.R FOLDER_OF_HonestDiD input.json > benzarti_carloni_honestdid.json
# CVXR, Rglpk and TruncatedNormal did not build here. The first makes fixed-length intervals alone, which are not
# asked for. The others are stood in for by lpSolveAPI and by quantiles from logarithms of normal tails.
suppressMessages({library(lpSolveAPI); library(jsonlite)})
given <- commandArgs(trailingOnly = TRUE)
Rglpk_solve_LP <- function(obj, mat, dir, rhs, bounds = NULL, max = FALSE) {
  lp <- make.lp(nrow = 0, ncol = length(obj))
  set.objfn(lp, if (max) -obj else obj)
  for (r in seq_len(nrow(mat))) add.constraint(lp, mat[r, ], if (dir[r] == "==") "=" else dir[r], rhs[r])
  if (!is.null(bounds)) set.bounds(lp, lower = rep(-Inf, length(obj)))
  lp.control(lp, sense = "min")
  status <- solve(lp)
  list(optimum = (if (max) -1 else 1) * get.objective(lp), solution = get.variables(lp), status = status)
}
norminvp <- function(p, l, u) {
  if (l > 0) return(-norminvp(1 - p, -u, -l))
  low <- pnorm(l, log.p = TRUE); high <- pnorm(u, log.p = TRUE)
  qnorm(high + log(p + (1 - p) * exp(low - high)), log.p = TRUE)
}
psolve <- function(...) stop("no conic programmes here")
sources <- list.files(file.path(given[1], "R"), full.names = TRUE)
for (file in sources[!grepl("Temp|plot|sunab|honest_did.R", sources)]) {
  text <- gsub("Rglpk::|TruncatedNormal::", "", readLines(file))
  eval(parse(text = text), envir = globalenv())
}
input <- fromJSON(given[2])
beta <- input$betahat; sigma <- input$sigma; before <- input$numPre; after <- input$numPost
ends <- function(temp) {
  inside <- temp$grid[temp$accept == 1]
  # An end at the grid's own is not known.
  open <- temp$accept[c(1, nrow(temp))] == 1
  c(if (!open[1]) list(lower = min(inside)), if (!open[2]) list(upper = max(inside)))
}
out <- list()
effects <- list(first = c(1, rep(0, after - 1)), average = rep(1 / after, after))
for (effect in names(effects)) {
  l <- effects[[effect]]
  spread <- sqrt(c(t(l) %*% sigma[-(1:before), -(1:before)] %*% l))
  centre <- sum(l * beta[-(1:before)])
  for (flag in c("ARP", "LF")) for (bound in c(0.5, 1, 2)) {
    # A grid about the effect, so that ends are known to a step.
    shared <- list(betahat = beta, sigma = sigma, numPrePeriods = before, numPostPeriods = after, l_vec = l,
      hybrid_flag = flag, grid.lb = centre - 35 * spread, grid.ub = centre + 35 * spread, gridPoints = 800)
    key <- function(kind) paste(kind, flag, effect, format(bound), sep = ", ")
    out[[key("relative magnitudes")]] <- ends(do.call(computeConditionalCS_DeltaRM, c(shared, Mbar = bound)))
    out[[key("relative smoothness")]] <- ends(do.call(computeConditionalCS_DeltaSDRM, c(shared, Mbar = bound)))
    out[[key("smoothness")]] <- ends(do.call(computeConditionalCS_DeltaSD, c(shared, M = bound * 0.02)))
  }
}
cat(toJSON(list(input = input[c("betahat", "sigma", "numPre", "numPost")], expected = out), auto_unbox = TRUE, digits = NA, pretty = TRUE))
