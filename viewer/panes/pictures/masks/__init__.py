"""Parts that are cut out of a picture: by clicks on it, and which there are."""
