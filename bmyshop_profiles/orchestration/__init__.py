"""What is Dagster and belongs to no room: partitions and windows, resources, the SQL-asset factory, jobs, schedules, runs."""
