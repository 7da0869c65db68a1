"""When mail goes out by itself."""
