"""What only evaluation may see: the truth of the simulator."""
