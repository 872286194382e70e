"""The sections of the film about sampling, one subject a file."""
