"""An engine in a process of its own: both ends, what passes between them, and how it ends."""
