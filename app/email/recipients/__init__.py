"""Who receives which branch's reports."""
