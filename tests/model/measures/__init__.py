"""Errors planted in what the periphery measures."""
