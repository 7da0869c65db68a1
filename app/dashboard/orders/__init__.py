"""Every order and refund: the rows behind net revenue."""
