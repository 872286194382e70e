"""The sections of the film about training, one subject a file."""
