"""The HTTP side of a core: who may ask what, and what a browser or a tool is told."""
