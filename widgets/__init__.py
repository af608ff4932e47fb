"""What is seen: each widget shows arrays and says what the user did. No torch, no session."""
