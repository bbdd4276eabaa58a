"""What the C compiler makes of the structs of `core.messages`: sizes and offsets, for the tests and for tools."""
