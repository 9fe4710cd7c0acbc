"""What a result says beside its place, with the help of the rules of its tool."""

import re
from typing import NamedTuple

from codeanatomy_sarif.log import Component, Message, Result, Rule, RuleReference, Tool, members

SHOWN = 2000  # characters of a message
NAMED = 200  # characters of a name
LEVELS = ("error", "warning", "note", "none")
_PLACE = re.compile(r"\{(\d{1,3})\}")


class Told(NamedTuple):
    """As the columns of a finding."""

    rule: str
    tool: str
    level: str
    message: str


class Rules:
    """The rules of a tool and of its extensions."""

    def __init__(self, tool: Tool) -> None:
        self.tool = (tool.driver.name or "")[:NAMED]
        self._driver = _rules(tool.driver)
        self._extensions = [_rules(one) for one in tool.extensions or ()]
        every = [*self._driver, *(rule for held in self._extensions for rule in held)]
        self._by_id = {rule.id: rule for rule in reversed(every) if rule and rule.id}

    def told(self, result: Result) -> Told:
        """Rule, tool, level and message of a result: what it does not say its rule may."""
        named = result.rule or RuleReference()
        name = result.rule_id or named.id
        rule = self._rule(result, named) or self._by_id.get(name or "") or Rule()
        set_to = rule.default_configuration.level if rule.default_configuration else None
        level = next((one for one in (result.level, set_to) if one in LEVELS), None) or "warning"
        message = _message(result.message or Message(), rule.message_strings or {})
        return Told((name or rule.id or "")[:NAMED], self.tool, level, message)

    def _rule(self, result: Result, named: RuleReference) -> Rule | None:
        """The rule by its index in the driver's rules or those of an extension."""
        index = named.index if result.rule_index is None else result.rule_index
        component = named.tool_component.index if named.tool_component else None
        rules = self._driver
        if component is not None:
            known = 0 <= component < len(self._extensions)
            rules = self._extensions[component] if known else []
        return rules[index] if index is not None and 0 <= index < len(rules) else None


def holds(result: Result) -> bool:
    """Whether something is wrong, still, and nobody has accepted it."""
    accepted = any(one.status in (None, "accepted") for one in result.suppressions or ())
    return result.kind in (None, "fail") and result.baseline_state != "absent" and not accepted


def _rules(component: Component) -> list[Rule | None]:
    return [*members(component.rules, Rule)]


def _message(message: Message, known: dict[str, Message]) -> str:
    """The text with its arguments in place."""
    given = known.get(message.id or "", message)
    texts = (message.text, given.text, message.markdown, given.markdown)
    text = next((one for one in texts if one), "")[:SHOWN]
    arguments = [one[:SHOWN] for one in message.arguments or ()]
    if not arguments:
        return text

    def put(found: re.Match[str]) -> str:
        number = int(found[1])
        return arguments[number] if number < len(arguments) else found[0]

    return _PLACE.sub(put, text)[:SHOWN]
