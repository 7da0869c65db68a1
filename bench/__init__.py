"""What the product's speed is measured with: `make bench`, SCALE=small for a minute's look."""
