"""Works with NautilusTrader: what needs that package, behind `make test-nautilus`. Nothing here is collected
by pytest.
"""
