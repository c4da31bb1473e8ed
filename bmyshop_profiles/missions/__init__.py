"""Missions: what kinds of visits there are, seen on receipts of members or not."""
