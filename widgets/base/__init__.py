"""What all widgets share: theme, keys and gestures, texts, tips."""
