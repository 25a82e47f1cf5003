# Hausman-Taylor, Amemiya-MaCurdy and Breusch-Mizon-Schmidt by plm on the wages of Cornwell and Rupert (plm's Wages).
# Run from tests/reference: Rscript scripts/hausman_taylor.R; writes data/wages.csv and json/wages_plm_ht.json.
suppressMessages({library(plm); library(jsonlite)})
data("Wages", package = "plm")
yes <- function(x) as.integer(x == levels(x)[2])
wages <- with(Wages, data.frame(
  id = rep(1:595, each = 7), year = rep(1976:1982, 595), lwage, exp, wks, bluecol = yes(bluecol), ind,
  south = yes(south), smsa = yes(smsa), married = yes(married), female = yes(sex), union = yes(union), ed,
  black = yes(black)))
write.csv(wages, "data/wages.csv", row.names = FALSE)
wages <- read.csv("data/wages.csv")
wages$exp2 <- wages$exp^2
formula <- lwage ~ wks + south + smsa + married + exp + exp2 + bluecol + ind + union + female + black + ed |
  bluecol + south + smsa + ind + female + black | wks + married + exp + exp2 + union
fits <- function(d) {
  out <- list()
  for (method in c("baltagi", "am", "bms")) {
    r <- plm(formula, data = d, index = c("id", "year"), model = "random", random.method = "ht", inst.method = method)
    out[[method]] <- list(coef = as.list(coef(r)), se = as.list(sqrt(diag(vcov(r)))), vcov = unname(vcov(r)),
                          sigma2 = as.list(r$ercomp$sigma2), theta = unname(r$ercomp$theta), df = r$df.residual)
  }
  out
}
expected <- list(balanced = fits(wages), unbalanced = fits(wages[(7 * wages$id + 3 * wages$year) %% 11 > 2, ]))
two_part <- lwage ~ wks + south + smsa + married + exp + exp2 + bluecol + ind + union + female + black + ed |
  bluecol + south + smsa + ind + female + black
old <- function(d) suppressWarnings(pht(two_part, data = d, index = c("id", "year")))
balanced <- old(wages)
expected$pht_balanced <- list(coef = as.list(coef(balanced)), se = as.list(sqrt(diag(balanced$vcov))))
expected$pht_unbalanced <- list(sigma2 = old(wages[(7 * wages$id + 3 * wages$year) %% 11 > 2, ])$ercomp$sigma2)
out <- list(
  case = "wages_plm_ht", software = paste0("R ", getRversion(), "; plm ", packageVersion("plm")), data = "wages.csv",
  script = "scripts/hausman_taylor.R",
  model = list(formula = paste(deparse(formula), collapse = " "), entity = "id", time = "year", exp2 = "exp^2",
               unbalanced = "rows where (7 id + 3 year) mod 11 is above 2"),
  conventions = list(unbalanced = "one theta for all entities, from the panel's number of periods",
                     pht = "harmonic mean of the entities' periods; its instruments are not quasi-demeaned"),
  expected = expected)
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "json/wages_plm_ht.json")
