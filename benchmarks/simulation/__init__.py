"""Measurements of the simulator, what nobody can beat on it, and real people dealt into shops."""
