"""Copies of what can't be made again: the journal, the stores, the backend's database; and how they come
back.
"""
