"""What heads look for: all heads compared."""
