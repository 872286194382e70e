"""What is made of a finished film, one kind of file a module."""
