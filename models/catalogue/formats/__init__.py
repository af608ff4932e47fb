"""Folders and files of models as people have them: shards, variants, adapters, rounded weights, GGUF."""
