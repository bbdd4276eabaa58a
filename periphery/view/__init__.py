"""What is true now, and each change to it, from the pages of a core: for whoever shows it to others."""
