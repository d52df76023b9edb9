"""The streamed Responses protocol: its catalogue, its errors, its grammar, and what a stream of it means."""
