"""QuickFIX's acceptance definitions against the session machine, in its own time or over TCP."""
