"""Zero-shot: texts beside a picture, what each rests on, and words written on it."""
