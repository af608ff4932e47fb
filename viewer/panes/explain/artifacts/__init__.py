"""Artifact tokens: norms layer by layer, outliers among them, and maps without these."""
