"""Files of what models say of their inputs."""
