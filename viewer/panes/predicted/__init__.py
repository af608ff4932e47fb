"""What the model expects: what each layer would say, and what each head adds to it."""
