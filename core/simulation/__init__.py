"""A live core in one thread, under a scheduler and faults of a seed: each is a run that can be had again."""
