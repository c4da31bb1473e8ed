"""What a typology is worth, and which of its profiles may be published."""
