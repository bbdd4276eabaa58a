"""What a stream does a message: from a record of the journal to the socket, and from the socket to rows."""
