"""The page of methods: what each says of one target, how far they agree, and which is faithful."""
