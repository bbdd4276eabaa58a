"""What a core does, to browsers and programs, over websockets. Begin with hub.py."""
