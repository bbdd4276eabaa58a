"""Market data from venues: live connections, recording, bars, reference data, calendars."""
