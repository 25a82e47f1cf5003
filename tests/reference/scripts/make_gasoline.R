# R plm's Gasoline (run from tests/reference): countries numbered in alphabetical order.
library(plm); data("Gasoline", package = "plm")
d <- data.frame(firm = as.integer(factor(Gasoline$country)), year = as.integer(as.character(Gasoline$year)), Gasoline[c("lgaspcar", "lincomep", "lrpmg", "lcarpcap")])
for (v in names(d)[3:6]) d[[v]] <- sprintf("%.17g", d[[v]])
write.csv(d, "data/gasoline.csv", row.names = FALSE, quote = FALSE)
