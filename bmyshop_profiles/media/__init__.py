"""Ad sales: forecasts of visits, plans from briefs, the law on advertising as data, files for ad servers."""
