"""What is true now, in Redis: for whoever should not ask the core, and other hosts. Begin with cache.py."""
