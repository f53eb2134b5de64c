"""What people read of an import: the counts, the first rows of each kind, and every row in a file."""

import csv
import os
from collections import Counter

from cptsapp.kernel.exports import neutral

from .models import Import
from .plans import Outcome, Plan

SAMPLES = 12  # rows of each kind in the preview
HEAD = ("Ligne", "Résultat", "Qui", "Changements", "Lu autrement", "Remarques")


class Tally:
    """The counts of a preview, and the first rows of each kind: it stays small whatever the file."""

    def __init__(self):
        self.counts, self.flags, self.readings = Counter(), Counter(), Counter()
        self.samples = {outcome.value: [] for outcome in Outcome}

    def add(self, plan: Plan):
        self.counts[plan.outcome.value] += 1
        self.flags.update(plan.flagged)
        for note in plan.notes:
            if note in self.readings or len(self.readings) < 2_000:
                self.readings[note] += 1
        kept = self.samples[plan.outcome.value]
        if len(kept) < SAMPLES:
            shown = {"number": plan.number, "label": plan.label, "changes": plan.changes[:8], "notes": plan.notes[:8]}
            kept.append(shown | {"problems": plan.problems[:8], "subject": plan.subject})

    def summary(self) -> dict:
        readings = [[*note, count] for note, count in self.readings.most_common(40)]
        return {
            "counts": dict(self.counts),
            "flags": dict(self.flags.most_common(20)),
            "readings": readings,
            "other_readings": max(0, len(self.readings) - len(readings)),
            "samples": self.samples,
        }


class Report:
    """The report as a file, written row by row: a context manager that gives a function (plan, result)."""

    def __init__(self, run: Import):
        self.path = run.report_path
        self.temporary = self.path.with_suffix(".tmp")

    def __enter__(self):
        self.file = os.fdopen(os.open(self.temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", newline="")
        self.file.reconfigure(encoding="utf-8")
        self.file.write("\ufeff")
        self.writer = csv.writer(self.file, delimiter=";", lineterminator="\r\n")
        self.writer.writerow(HEAD)
        return self.line

    def line(self, plan: Plan, result: str):
        changes = " ; ".join(f"{label} : {before or '(vide)'} → {after}" for label, before, after in plan.changes)
        notes = " ; ".join(f"{label} : {written} → {read}" for label, written, read in plan.notes)
        problems = " ; ".join(f"{label} : {why}" if label else why for label, why in plan.problems)
        self.writer.writerow([plan.number, result, *map(neutral, (plan.label, changes, notes, problems))])

    def __exit__(self, kind, *_):
        self.file.close()
        if kind is None:
            os.replace(self.temporary, self.path)
        else:
            self.temporary.unlink(missing_ok=True)
