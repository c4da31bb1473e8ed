"""Pseudonyms and the vault. Pure helpers: they know no table and no dagster."""
