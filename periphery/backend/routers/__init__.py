"""A router a noun: what may be asked over HTTP, and by whom."""
