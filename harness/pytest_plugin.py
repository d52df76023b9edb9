"""The harness inside pytest: put ``pytest_plugins = ["harness.pytest_plugin"]`` into your top conftest.py.

It brings the fixture ``stream_cassette`` and the option ``--record-mode``.
"""

from harness.record.pytest_support import cassette_root, pytest_addoption, stream_cassette

__all__ = ["cassette_root", "pytest_addoption", "stream_cassette"]
