"""The page of one weight: how it came about, and what would follow from another number."""
