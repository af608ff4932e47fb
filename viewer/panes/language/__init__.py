"""What a language model writes."""
