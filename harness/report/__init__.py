"""What a run found, for people and for machines: one renderer a file, all of them readers of one event stream."""
