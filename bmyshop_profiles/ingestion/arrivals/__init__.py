"""Raw files that arrive, and what must be made again because of them."""
