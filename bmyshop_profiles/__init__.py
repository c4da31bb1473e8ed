"""Shopper profiles from till receipts: typology of members, projection on anonymous receipts, audiences of shops."""
