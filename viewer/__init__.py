"""The application: what is open, what is selected, what runs. Never imports torch."""
