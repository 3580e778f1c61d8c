"""The figures that the design promises, measured as ratios in one run: `make bench`."""
