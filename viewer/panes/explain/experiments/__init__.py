"""The page of experiments: what is changed, what the model says then, and what each head is worth."""
