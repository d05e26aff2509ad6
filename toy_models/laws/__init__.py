"""What is true: distributions, mixtures and their fits, sets of images."""
