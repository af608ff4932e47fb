"""What heads do over many inputs, gathered while these pass by."""
