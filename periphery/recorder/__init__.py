"""What a core did, kept for whoever asks later: rows of a journal, in a database, each exactly once."""
