"""Portfolios: weights that are best by some measure, and the orders that bring them about."""
