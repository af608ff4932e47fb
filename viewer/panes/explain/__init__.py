"""What explains an answer, and experiments on it: a folder a page."""
