"""A draft of a source mapping, from samples of raw files: `sources inspect`. Guesses are made here, once, for a person to confirm.

`dialects` and `values` → `looks` (one file) → `roles`, `guesses`, `guesses_receipts`, `patterns` → `draft`. Ingestion itself guesses
nothing and uses none of it.
"""
