"""Strategy execution: strategies hosted next to the core."""
