"""What every table of figures shares."""
