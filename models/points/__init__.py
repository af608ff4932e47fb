"""Point networks: how they are built, fed, asked and read from files."""
