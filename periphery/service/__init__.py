"""One shape for every engine of the periphery: an engine computes, the service around it does the rest."""
