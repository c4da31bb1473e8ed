"""SQL catalogue, DuckDB session, lake. Knows no table of ours and no dagster."""
