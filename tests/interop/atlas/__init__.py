"""Real bugs of released programs: which of them the generic campaign finds. ``python -m tests.interop.atlas --help``."""
