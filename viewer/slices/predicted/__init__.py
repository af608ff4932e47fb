"""What a model says of its places, layer by layer, and what adds to it."""
