"""A core's memory and journal as metrics, alerts that act, one event's way, a live view."""
