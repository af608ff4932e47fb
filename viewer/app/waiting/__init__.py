"""What is said while something is awaited, and how long that will take."""
