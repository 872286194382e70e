"""The sections of the film about the forward process, one subject a file."""
