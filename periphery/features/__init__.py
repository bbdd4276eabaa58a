"""Features of markets: one definition each, the same code beside a core and over recordings."""
