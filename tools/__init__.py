"""What makes files that the package ships: `python -m tools.<name>`. Each ends as a benchmark does, and has `--smoke`."""
