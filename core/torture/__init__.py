"""What `nacre torture` does to a core: its processes die, its disk fails, its journal is damaged; nothing
may be lost.
"""
