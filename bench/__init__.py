"""Measurements: always ratios of two things measured in one run."""
