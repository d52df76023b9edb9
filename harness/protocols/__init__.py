"""What frames mean, one package a protocol."""
