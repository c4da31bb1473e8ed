"""The study: one long document in French on a data directory and on public data, as a page and as a PDF."""
