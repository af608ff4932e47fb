"""What heads do over many inputs, run through the model of an open document."""
