"""What a mail server's words mean, in plain French, and what to do about them."""

import re

# (what to look for, sentence), from the most precise; texts are searched in lower case.
_MEANINGS = [
    (
        r"5\.7\.(515|26|25|27|1\d\d)|spf|dkim|dmarc|unauthenticated (mail|email)",
        "Le destinataire exige que votre domaine prouve qu’il est bien l’expéditeur (SPF, DKIM, DMARC). "
        "La page « Conseils » dit quels enregistrements demander à votre hébergeur.",
    ),
    (
        r"\b53[045]\b|\b538\b|authentication|5\.7\.8|auth.*(fail|invalid|incorrect)|username and password",
        "Le serveur d’envoi refuse l’identifiant ou le mot de passe. Vérifiez mail_username et mail_password : "
        "beaucoup d’hébergeurs demandent l’adresse entière comme identifiant, ou un « mot de passe d’application ».",
    ),
    (
        r"gaierror|name or service not known|nodename|temporary failure in name resolution|no address associated",
        "Le nom du serveur d’envoi est introuvable. Vérifiez mail_server, puis l’accès de cette machine à Internet.",
    ),
    (
        r"connectionrefused|connection refused",
        "Le serveur d’envoi ne répond pas à cette adresse et ce port. Vérifiez mail_server et mail_port "
        "(587 avec « starttls », 465 avec « ssl »), et qu’un pare-feu ne bloque pas la sortie.",
    ),
    (
        r"wrong_version_number|wrong version number|unknown protocol|starttls extension not supported|record layer",
        "Le chiffrement ne correspond pas à ce port. Essayez mail_tls « starttls » avec le port 587, "
        "ou « ssl » avec le port 465.",
    ),
    (
        r"certificate|sslcert|hostname mismatch",
        "Le certificat du serveur d’envoi n’est pas valable pour ce nom. Écrivez dans mail_server le nom exact "
        "donné par l’hébergeur.",
    ),
    (r"ssl|tls", "La connexion chiffrée avec le serveur d’envoi a échoué. Vérifiez mail_tls et mail_port."),
    (
        r"timed out|timeout",
        "Le serveur d’envoi n’a pas répondu à temps. Il est peut-être arrêté, ou un pare-feu bloque le port ; "
        "l’envoi reprendra de lui-même.",
    ),
    (
        r"greylist|grey list|gray list|try again later|4\.7\.1",
        "Le serveur du destinataire demande d’attendre avant de réessayer : c’est une protection habituelle, "
        "le message repartira tout seul.",
    ),
    (
        r"relay(ing)? (access )?denied|not permitted to relay",
        "Le serveur d’envoi refuse de transmettre pour vous : il demande un identifiant, ou n’accepte pas "
        "cette adresse d’expédition.",
    ),
    (
        r"spam|blacklist|blocklist|blocked|reputation|listed|5\.7\.",
        "Le serveur refuse le message pour une raison de politique ou de réputation. Vérifiez que l’adresse "
        "d’expédition appartient à votre domaine et que SPF et DKIM sont en place.",
    ),
    (
        r"quota|rate limit|too many (messages|emails|connections)|ofr004|4\.7\.28|limit exceeded",
        "La limite d’envoi de votre hébergeur est atteinte. L’envoi reprendra de lui-même ; "
        "si cela revient, réglez mail_rate_per_minute.",
    ),
    (
        r"5\.2\.2|mailbox (is )?full|over quota|452",
        "La boîte du destinataire est pleine. Le message sera réessayé, puis abandonné.",
    ),
    (
        r"sender.*(rejected|refused|not allowed|not owned)|5\.1\.[78]|sender address",
        "Le serveur n’accepte pas votre adresse d’expédition. Utilisez une adresse du domaine de la CPTS, "
        "créée chez votre hébergeur.",
    ),
    (
        r"user unknown|unknown user|does not exist|no such user|5\.1\.[1236]|"
        r"recipient.*(rejected|unknown)|mailbox unavailable",
        "Cette adresse n’existe pas ou plus. Vérifiez-la auprès de la personne.",
    ),
    (
        r"message (size|too)|552|5\.3\.4",
        "Le message est trop gros pour le serveur du destinataire.",
    ),
    (
        r"disconnected|connection (reset|unexpectedly closed|aborted)|broken pipe|lost",
        "La connexion avec le serveur d’envoi s’est coupée.",
    ),
    (
        r"programme d’envoi s’est arrêté",
        "Le programme d’envoi s’est arrêté juste au moment de remettre ce message : le serveur l’a peut-être reçu.",
    ),
    (
        r"pas pu être composé",
        "Le modèle de ce message contient une erreur : prévenez la personne qui tient l’instance.",
    ),
    (r"no route|unreachable|network is down", "Cette machine n’arrive pas à joindre Internet ou le serveur d’envoi."),
]
_COMPILED = [(re.compile(pattern), sentence) for pattern, sentence in _MEANINGS]
UNKNOWN = "Le serveur d’envoi a répondu ce qui suit ; votre hébergeur saura dire ce que cela signifie."


def explain(words: str) -> str:
    """Return a French sentence for a mail server's words (code included) or for an error's name; never empty."""
    folded = words.lower()
    return next((sentence for pattern, sentence in _COMPILED if pattern.search(folded)), UNKNOWN)
