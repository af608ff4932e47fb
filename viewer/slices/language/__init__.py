"""What panes draw of texts, and of several at once."""
