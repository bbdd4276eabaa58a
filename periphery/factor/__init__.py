"""Factors: exposures and what they earn, principal components, scores and how well they foretell."""
