"""Random scenarios against the core: a seeded generator, checkers after each event, a reducer."""
