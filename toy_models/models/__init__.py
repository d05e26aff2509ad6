"""Who predicts: exact models, training-free denoisers, trained networks."""
