"""FIX: codec, dictionary, session machine, message store. What goes over it is in periphery.fix."""
