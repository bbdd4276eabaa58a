"""How well accounts do: returns, risk, drawdowns, and what they come from."""
