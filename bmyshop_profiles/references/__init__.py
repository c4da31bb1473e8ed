"""What the public knows: first names, survival, communes and their people; product taxonomy. Read once, not by month."""
