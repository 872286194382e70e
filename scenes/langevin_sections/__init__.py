"""The sections of the Langevin film, one a file; `scenes/langevin.py` puts them in order."""
