"""What is open, what is selected, what was done and what runs."""
