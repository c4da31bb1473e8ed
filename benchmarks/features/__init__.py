"""Measurements of what receipts are made into."""
