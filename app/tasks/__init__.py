"""Follow-up tasks: five lists, one queue, and what people do with them."""
