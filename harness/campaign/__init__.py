"""Many cases, one run, one stream of events."""
