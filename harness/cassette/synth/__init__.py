"""Cassettes made from a seed: a script says what the model did, a profile how its provider frames that."""

from harness.cassette.synth.build import DEFAULT_SEED, build, build_all, write_all
from harness.cassette.synth.profile import PROFILES, Profile
from harness.cassette.synth.script import Script
from harness.cassette.synth.scripts import SCRIPTS

__all__ = ["DEFAULT_SEED", "PROFILES", "SCRIPTS", "Profile", "Script", "build", "build_all", "write_all"]
