"""Backtest: the core's own engines on recorded time, and what feeds them."""
