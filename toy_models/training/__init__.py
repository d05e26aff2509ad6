"""Training of networks: configurations, the loop, checkpoints."""
