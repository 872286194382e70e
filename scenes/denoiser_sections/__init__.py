"""The sections of the denoiser's film, one subject a file; `scenes/denoiser.py` puts them in order."""
