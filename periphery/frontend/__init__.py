"""The front end: sources of the pages (src), and the bundle made of them (static): the backend serves it."""
