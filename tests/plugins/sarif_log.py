"""Small SARIF files, for tests of the plug-in."""

import json
from typing import Any

Json = dict[str, Any]


def at(uri: str = "a.py", rule: str = "R1", **region: int) -> Json:
    """A result in a region of a file."""
    physical: Json = {"artifactLocation": {"uri": uri}}
    if region:
        physical["region"] = region
    return {
        "ruleId": rule,
        "message": {"text": "no"},
        "locations": [{"physicalLocation": physical}],
    }


def run(*results: object, name: str = "Tool", **more: object) -> Json:
    """A run of a tool."""
    return {"tool": {"driver": {"name": name}}, "results": [*results], **more}


def log(*runs: object) -> bytes:
    return json.dumps({"version": "2.1.0", "runs": [*runs]}).encode()
