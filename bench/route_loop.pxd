# The timed loop of `bench route`: nothing of it is for other modules.
