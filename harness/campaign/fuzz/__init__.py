"""Campaigns: many drawn cases against one consumer, and each distinct failure shrunk to the least that shows it."""
