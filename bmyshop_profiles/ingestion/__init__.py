"""Raw files → canonical receipt lines, members, stores, products, and the ledger of what was read."""
