# Loops that drive a ring or a spine between processes, for tests: they have no C face.
