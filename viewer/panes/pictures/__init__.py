"""Pages of pictures that are asked: by texts, by clicks."""
