"""Raw files read into canonical rows, and a ledger of what was refused."""
