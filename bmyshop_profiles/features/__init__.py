"""Receipts, members by month, stores by month, rolling windows: nearly all of it is in sql/features."""
