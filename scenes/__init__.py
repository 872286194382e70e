"""Films: each file is one topic, `base.py` the frame that they share, `theme.py` their look."""
