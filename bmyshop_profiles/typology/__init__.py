"""Which kinds of shoppers are there: clusters of members, their quality and their names."""
