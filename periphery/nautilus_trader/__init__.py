"""Works with NautilusTrader, both ways: its strategies on this core, its venues for this core.

`nautilus_trader` is in an environment of its own (`nacre nt env`); what is imported here without it needs
none of it: `body`, `reports`, `market`, `words`. `v1` and `v2` are the shims for 1.231.0 and for 2.0.
Nothing else of nacre imports this package.
"""
