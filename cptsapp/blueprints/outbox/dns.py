"""What the public records of a domain say about its mail: looked up only when a person asks.

A lookup is a function `(name, kind) -> list of texts`; it raises LookupFailed when nothing could be known.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cptsapp.kernel.later import Later

exception, resolver = Later("dns.exception"), Later("dns.resolver")

PATIENCE_SECONDS = 3.0
COMMON_SELECTORS = ("default", "mail", "dkim", "s1", "selector1", "google", "k1", "brevo", "mailjet")

Lookup = Callable[[str, str], list[str]]


class LookupFailed(Exception):
    """The question could not be asked, or nobody answered in time."""


@dataclass(frozen=True)
class Finding:
    """One line of the check: `state` is ok, warn or bad; `found` is the record itself."""

    label: str
    state: str
    sentence: str
    found: str = ""


def public_lookup(name: str, kind: str) -> list[str]:
    """Ask the machine's own resolver; a name without such a record gives an empty list."""
    try:
        answer = resolver.Resolver().resolve(name, kind, lifetime=PATIENCE_SECONDS)
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        return []
    except (exception.DNSException, OSError) as error:
        raise LookupFailed(str(error)) from error
    if kind == "TXT":
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
    return [str(record) for record in answer]


def examine(domain: str, *, selector: str = "", lookup: Lookup = public_lookup) -> list[Finding]:
    """Return what the records of `domain` (ASCII) say, one finding each. Raises LookupFailed."""
    return [_mx(domain, lookup), _spf(domain, lookup), _dkim(domain, selector, lookup), _dmarc(domain, lookup)]


def _mx(domain, lookup) -> Finding:
    found = lookup(domain, "MX")
    if found:
        return Finding("Réception (MX)", "ok", "Le domaine reçoit des e-mails : les réponses arriveront.", found[0])
    return Finding(
        "Réception (MX)",
        "bad",
        "Ce domaine ne reçoit pas d’e-mails : les réponses se perdent. Indiquez une adresse de réponse qui est lue.",
    )


def _spf(domain, lookup) -> Finding:
    found = [text for text in lookup(domain, "TXT") if text.lower().startswith("v=spf1")]
    if not found:
        sentence = "Aucun enregistrement SPF. Demandez à votre hébergeur celui de son serveur d’envoi."
        return Finding("SPF", "bad", sentence)
    if len(found) > 1:
        return Finding("SPF", "bad", "Plusieurs enregistrements SPF : aucun ne compte. N’en gardez qu’un.", found[0])
    if "+all" in found[0]:
        return Finding(
            "SPF", "bad", "« +all » autorise tout le monde à écrire en votre nom. Mettez « ~all ».", found[0]
        )
    sentence = "SPF est en place. Vérifiez auprès de l’hébergeur que son serveur d’envoi y figure."
    return Finding("SPF", "ok", sentence, found[0])


def _dkim(domain, selector, lookup) -> Finding:
    for each in (selector,) if selector else COMMON_SELECTORS:
        found = [text for text in lookup(f"{each}._domainkey.{domain}", "TXT") if "p=" in text]
        if found and not found[0].rstrip("; ").endswith("p="):
            return Finding(
                "DKIM", "ok", f"Une clé DKIM est publiée sous le sélecteur « {each} ».", found[0][:120] + "…"
            )
    if selector:
        sentence = f"Aucune clé DKIM sous le sélecteur « {selector} ». Activez la signature DKIM chez l’hébergeur."
        return Finding("DKIM", "bad", sentence)
    return Finding(
        "DKIM",
        "warn",
        "Aucune clé DKIM sous les noms habituels. Demandez à l’hébergeur si la signature est active, et son sélecteur.",
    )


def _dmarc(domain, lookup) -> Finding:
    labels = domain.split(".")
    parents = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    for name in dict.fromkeys([parents[0], parents[-1]]):
        found = [text for text in lookup(f"_dmarc.{name}", "TXT") if text.lower().startswith("v=dmarc1")]
        if found:
            return Finding("DMARC", "ok", "DMARC est en place.", found[0])
    sentence = "Aucun enregistrement DMARC. Publiez au moins « v=DMARC1; p=none » sous le nom _dmarc."
    return Finding("DMARC", "bad", sentence)
