"""Many small maps in one picture."""
