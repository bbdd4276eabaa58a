"""What works an order over time: one algorithm a file, and `engine` that knows them all."""
