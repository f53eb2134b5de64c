"""The exceptions that a person reads: a refusal, and that somebody else has written first."""


class RuleError(Exception):
    """A refusal said in French to a person: what happened, then what to do.

    `field` names the form field the sentence belongs to, or None when it concerns the whole act.
    """

    def __init__(self, sentence: str, field: str | None = None):
        super().__init__(sentence)
        self.field = field


class Conflict(RuleError):
    """Somebody saved first: `theirs` is what is kept now, `revision` the one to build on to write over it knowingly."""

    def __init__(self, sentence: str, theirs, revision):
        super().__init__(sentence)
        self.theirs, self.revision = theirs, revision
