"""A page to look around in: reads the lake, on this machine only, and writes nothing."""
