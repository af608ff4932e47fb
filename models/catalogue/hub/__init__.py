"""Models of the Hugging Face hub: what was downloaded, what a download would take, and the download."""
