"""What people ask of the lake: read-only."""
