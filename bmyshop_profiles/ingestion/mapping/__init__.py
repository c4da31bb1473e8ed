"""The source mapping: what a person says of raw files."""
