# Data of the varied series from R: Rscript make_varied_data.R (writes data/*.csv)
suppressMessages({library(AER); library(urca); library(strucchange)})
write <- function(x, name) { x <- as.data.frame(lapply(as.data.frame(x), as.numeric)); names(x) <- gsub(".", "_", names(x), fixed = TRUE)
  for (i in seq_along(x)) x[[i]] <- sprintf("%.15g", x[[i]]); write.csv(x, paste0("data/", name, ".csv"), row.names = FALSE, quote = FALSE) }
write(round(100 * diff(log(EuStockMarkets)), 6), "eustock")
data(UKpppuip); write(UKpppuip, "ukppp")
data(USInvest); write(USInvest, "usinvest")
data(GermanM1); write(GermanM1[, c("m", "p", "y", "R")], "germanm1")
write(Seatbelts, "seatbelts"); write(longley, "longley"); write(cbind(BJsales, BJsales.lead), "bjsales"); write(cbind(mdeaths, fdeaths), "deaths")
