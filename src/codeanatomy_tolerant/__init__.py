"""The plug-in that comes along: what can be read of files that CPython's parser refuses."""

from codeanatomy_tolerant.collector import EXTRACTOR

__all__ = ["EXTRACTOR"]
