"""Findings: what campaigns found, kept on disk so that anybody can run it again, with this program's CLI or without."""

from harness.campaign.findings.finding import Finding
from harness.campaign.findings.store import FindingError, Store

__all__ = ["Finding", "FindingError", "Store"]
