"""Every action of the user's, once."""
