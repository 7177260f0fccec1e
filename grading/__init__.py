"""Exercises from solutions, and their marking: a thin layer on nbgrader."""
