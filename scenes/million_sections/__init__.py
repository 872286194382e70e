"""The sections of the film about a million particles, one subject a file."""
