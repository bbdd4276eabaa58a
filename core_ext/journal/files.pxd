# The segment files of a journal, as Python sees them: see files.pyi. Nothing of it is for the path.
