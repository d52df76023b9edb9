"""The commands that need more than one room, one file each. Those of a single room live there, in its ``commands``.

A module is imported when its command is called and not before, so it imports what it needs at its top.
"""
