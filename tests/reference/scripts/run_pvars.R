# Tests of the rank of cointegration in panels by R's pvars 1.1.1, of which the sources alone are read:
# Rscript run_pvars.R FOLDER_OF_ITS_SOURCES FOLDER_OF_THE_DATA FOLDER_OF_THE_JSON. It takes one function of MASS, stated below.
folders <- commandArgs(trailingOnly = TRUE)
Null <- function(M) {
  found <- qr(M)
  set <- if (found$rank == 0L) seq_len(ncol(M)) else -seq_len(found$rank)
  qr.Q(found, complete = TRUE)[, set, drop = FALSE]
}
for (name in c("auxSupp.R", "auxVARX.R", "auxCoint.R", "auxPanel.R", "coint.R", "pcoint.R")) {
  text <- gsub("MASS::Null", "Null", readLines(file.path(folders[1], name)))
  eval(parse(text = text), globalenv())
}
panels <- list(
  grunfeld = list(index = c("firm", "year"), names = c("inv", "value", "capital")),
  gasoline = list(index = c("firm", "year"), names = c("lgaspcar", "lincomep", "lrpmg"))
)
told <- function(found) {
  c(
    list(statistics = unname(found$individual$stats), pvalues = unname(found$individual$pvals)),
    lapply(split(found$panel$stats, row(found$panel$stats)), unname) |> setNames(paste0(rownames(found$panel$stats), "_statistic")),
    lapply(split(found$panel$pvals, row(found$panel$pvals)), unname) |> setNames(paste0(rownames(found$panel$pvals), "_pvalue"))
  )
}
expected <- list()
for (name in names(panels)) {
  frame <- read.csv(file.path(folders[2], paste0(name, ".csv")))
  each <- panels[[name]]
  frame <- frame[order(frame[[each$index[1]]], frame[[each$index[2]]]), ]
  for (k in 2:3) {
    variables <- each$names[seq_len(k)]
    data <- lapply(split(frame[, variables], frame[[each$index[1]]]), function(own) data.frame(own))
    for (lags in 1:2) {
      cell <- list()
      for (case in paste0("Case", 1:4)) cell[[paste0("johansen_", case)]] <- told(pcoint.JO(data, lags = lags, type = case))
      for (type in c("SL_mean", "SL_trend")) {
        cell[[type]] <- told(pcoint.SL(data, lags = lags, type = type))
        cain <- pcoint.CAIN(data, lags = lags, type = type)
        cell[[paste0("CAIN_", type)]] <- c(told(cain), list(correlation = cain$CSD$rho_eps, factors = unname(cain$CSD$rho_tilde)))
        for (factors in 1:2) cell[[paste0(type, "_factors", factors)]] <- told(pcoint.SL(data, lags = lags, type = type, n.factors = factors))
      }
      expected[[paste(name, k, paste0("lags", lags), sep = "_")]] <- cell
    }
  }
}
json <- function(x) {
  if (is.matrix(x)) return(paste0("[", paste(apply(x, 1, json), collapse = ", "), "]"))
  if (is.list(x)) return(paste0("{\n", paste(sprintf('"%s": %s', names(x), vapply(x, json, "")), collapse = ",\n"), "\n}"))
  if (is.character(x)) return(sprintf('"%s"', x))
  if (length(x) == 1) sprintf("%.17g", x) else paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
}
model <- list(grunfeld = "firm, year: inv, value, capital", gasoline = "firm, year: lgaspcar, lincomep, lrpmg", variables = "the first 2 or 3")
for (kind in c("johansen", "sl")) {
  cells <- lapply(expected, function(cell) cell[grepl("^johansen_Case", names(cell)) == (kind == "johansen")])
  document <- list(
    case = paste0("panels_pvars_", kind), software = paste0("R ", getRversion(), "; pvars 1.1.1"),
    data = "grunfeld.csv, gasoline.csv", script = "scripts/run_pvars.R", model = model,
    conventions = list(statistics = "trace, entities by ranks 0, 1, ...", factors = "subtracted first, as n.factors says"),
    expected = cells
  )
  writeLines(json(document), file.path(folders[3], paste0("panels_pvars_", kind, ".json")))
}
