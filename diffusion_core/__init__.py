"""Samplers and small networks of diffusion models, and the trajectories that films are drawn from.

Import what you need from the modules: `distributions`, `shapes`, `langevin`, `simulation`, `metrics`,
`trajectory`, `recipes`. This package imports neither Manim nor, outside its networks, torch.
"""
