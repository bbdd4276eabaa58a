"""The front end: sources of the pages (src), and the bundle built of them (static), which the backend serves."""
