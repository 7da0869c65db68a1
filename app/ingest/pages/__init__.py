"""The Data page and its JSON: the calendar, jobs, refused rows."""
