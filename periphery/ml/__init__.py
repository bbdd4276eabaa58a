"""Models of features: trained without looking ahead, kept with their lineage, served beside a core."""
