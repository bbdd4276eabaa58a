"""Portfolio risk: what an account may lose, by history, as if normal, by simulation, in stress."""
