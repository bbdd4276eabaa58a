"""Structs and checks for the compiled processes of a live core; nothing here is for Python."""
