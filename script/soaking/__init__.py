"""Hours of use in front of a real window, and what they leave behind."""
