"""What explains an answer, as it lies on the input: the methods of relevance and their targets. No Qt."""
