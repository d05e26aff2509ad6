"""Networks that predict: U-Net and its preconditioning."""
