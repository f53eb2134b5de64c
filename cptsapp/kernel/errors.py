"""The one exception that a person reads."""


class RuleError(Exception):
    """A refusal said in French to a person: what happened, then what to do.

    `field` names the form field the sentence belongs to, or None when it concerns the whole act.
    """

    def __init__(self, sentence: str, field: str | None = None):
        super().__init__(sentence)
        self.field = field
