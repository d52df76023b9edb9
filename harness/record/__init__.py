"""Recording: a proxy and transports that keep what a provider's server really sent, redacted before it is on disk."""
