"""Who may do what, where: rules as data, and the verdict on a question. What is imported from here is pure.

`book` reads what is in force, `file` the policy file, `models` has the rows. Everything that no rule lets through is
denied.
"""

from tools.policy.judge import granted, judge, judge_strictly
from tools.policy.kinds import kind_name
from tools.policy.rule import EVERY_NAMESPACE, UNKNOWN_KIND, Decision, Question, Rule, Rules, Verdict

__all__ = (
    "EVERY_NAMESPACE",
    "UNKNOWN_KIND",
    "Decision",
    "Question",
    "Rule",
    "Rules",
    "Verdict",
    "granted",
    "judge",
    "judge_strictly",
    "kind_name",
)
