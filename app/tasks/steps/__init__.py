"""One step of work on a task: what it may be, making it, its history and its undo."""
