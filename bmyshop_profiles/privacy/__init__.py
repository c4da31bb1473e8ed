"""Pseudonyms, the vault, who may read what is written. Pure helpers: they know no table and no dagster."""
