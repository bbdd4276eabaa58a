"""A live core in one thread, under a seeded scheduler and seeded faults: each seed is one run that can be had again."""
