"""The five lists of tasks and the page of one task."""
