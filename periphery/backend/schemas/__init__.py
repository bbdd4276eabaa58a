"""The forms of what is asked and told, a file a subject; those that all use are in forms."""
