"""One reader a family of files: its bytes → Parts of a cloud, in the file's own coordinates."""
