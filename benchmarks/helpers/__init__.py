"""What benchmarks of several rooms share."""
