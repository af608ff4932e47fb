"""How something is opened: dialogs, drops, what was opened before."""
