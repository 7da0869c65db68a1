"""Events on their way into the tables. Knows no vendor."""
