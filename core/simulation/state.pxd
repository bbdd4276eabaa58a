"""What a core's state and its journal say, for comparison with what the venues and the sessions have."""
