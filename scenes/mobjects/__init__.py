"""The parts that films are made of; each is an ordinary Manim mobject that can show any moment."""
