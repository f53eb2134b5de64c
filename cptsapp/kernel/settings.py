"""The settings of one installation: `cpts.toml` in the instance folder, then the environment (`CPTS_…`).

Every key is declared below with its type and a French sentence; an unknown key or a wrong value stops the start
with a sentence that says how to mend it. What concerns the association itself (name, communes…) is not here: it
lives in the database and is edited in the browser.
"""

import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class SettingsError(Exception):
    """A French sentence to whoever starts the application."""


def _key(default, help):
    return field(default=default, metadata={"help": help})


@dataclass
class Settings:
    secret_key: str = _key("", "Clé secrète de l’instance, 32 caractères au moins (créée par « cptsapp init »).")
    old_secret_keys: str = _key("", "Anciennes clés, séparées par des virgules, encore lues pendant une rotation.")
    base_url: str = _key("http://127.0.0.1:8000", "Adresse publique du site, sans barre finale.")
    database_url: str = _key("", "Base de données ; vide : un fichier SQLite dans l’instance.")
    redis_url: str = _key("", "File des tâches ; vide : un fichier dans l’instance.")
    mail_server: str = _key("127.0.0.1", "Serveur d’envoi des e-mails (SMTP).")
    mail_port: int = _key(25, "Port du serveur d’envoi.")
    mail_username: str = _key("", "Identifiant auprès du serveur d’envoi.")
    mail_password: str = _key("", "Mot de passe auprès du serveur d’envoi.")
    mail_tls: str = _key("none", "Chiffrement : « none », « starttls » ou « ssl ».")
    mail_connections: int = _key(1, "Connexions simultanées au serveur d’envoi (1 à 16).")
    mail_rate_per_minute: int = _key(0, "E-mails par minute au plus ; 0 : sans limite.")
    mail_resend_uncertain: bool = _key(
        False, "Renvoyer sans demander les envois collectifs dont l’arrivée est incertaine, au risque d’un doublon."
    )
    mail_bounce_domain: str = _key("", "Domaine qui reçoit les retours ; chaque e-mail y a alors sa propre adresse.")
    bounce_imap_server: str = _key("", "Serveur IMAP de la boîte des retours ; vide : boîte non relevée.")
    bounce_imap_port: int = _key(993, "Port du serveur IMAP.")
    bounce_imap_tls: str = _key("ssl", "Chiffrement de la boîte des retours : « none », « starttls » ou « ssl ».")
    bounce_imap_username: str = _key("", "Identifiant de la boîte des retours.")
    bounce_imap_password: str = _key("", "Mot de passe de la boîte des retours.")
    bounce_imap_folder: str = _key("INBOX", "Dossier relevé dans la boîte des retours.")
    second_factor_required: bool = _key(True, "Second facteur exigé de la coordination et de l’administration.")
    features_off: str = _key("", "Fonctions éteintes, entre virgules, parmi contact, news, event, directory.")
    max_upload_mb: int = _key(20, "Taille maximale d’un fichier envoyé, en mégaoctets.")
    trusted_proxies: int = _key(0, "Nombre de serveurs mandataires de confiance devant l’application.")
    web_workers: int = _key(2, "Nombre de processus web.")
    web_threads: int = _key(4, "Nombre de fils par processus web.")
    session_idle_hours: int = _key(12, "Une connexion inactive s’éteint après ce nombre d’heures.")
    session_days: int = _key(14, "Une connexion s’éteint de toute façon après ce nombre de jours.")
    membership_grace_days: int = _key(90, "Jours pendant lesquels un adhérent échu garde son espace.")
    journal_months: int = _key(24, "Conservation du journal, en mois.")
    access_journal_months: int = _key(12, "Conservation du journal des consultations sensibles, en mois.")
    delivered_mail_months: int = _key(6, "Conservation des e-mails partis, en mois.")
    contact_months: int = _key(12, "Conservation des messages reçus et traités, en mois.")
    event_person_months: int = _key(12, "Conservation des noms des inscrits aux événements, en mois.")
    rpps_source: str = _key(
        "https://service.annuaire.sante.fr/annuaire-sante-webservices/V300/services/extraction/PS_LibreAcces",
        "Extraction nationale du RPPS, pour compter les professionnels du territoire : adresse https, ou fichier "
        "de cette machine ; vide : le comptage n’est pas proposé.",
    )
    backup_nightly: bool = _key(True, "Sauvegarde chaque nuit, par le programme des tâches de fond.")
    backup_key_file: str = _key("", "Fichier contenant la phrase secrète des sauvegardes ; vide : non chiffrées.")
    log_json: bool = _key(False, "Journaux techniques en JSON, une ligne par événement.")
    metrics_token: str = _key("", "Jeton que Prometheus présente à /metrics ; vide : /metrics n’existe pas.")
    demo: bool = _key(False, "Instance de démonstration (boîte aux lettres locale, comptes fictifs).")
    instance: Path = field(default=Path("instance"), metadata={"place": True})

    @property
    def content(self) -> Path:
        return self.instance / "content"

    @property
    def uploads(self) -> Path:
        return self.instance / "uploads"

    @property
    def backups(self) -> Path:
        return self.instance / "backups"

    @property
    def mailbox(self) -> Path:
        return self.instance / "mailbox"

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def production(self) -> bool:
        """Any base address that is not loopback is a real site."""
        return urlsplit(self.base_url).hostname not in LOOPBACK

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    def configure(self, folder: Path | str, **overrides) -> "Settings":
        """Read the instance `folder`, then the environment, then `overrides`; raise SettingsError in French."""
        folder = Path(folder).resolve()
        values = _read_toml(folder / "cpts.toml") | _read_environment() | overrides
        for each in _declared():
            default = each.default
            raw = values.pop(each.name, default)
            setattr(self, each.name, _typed(each.name, raw, type(default)))
        if values:
            unknown = ", ".join(sorted(values))
            raise SettingsError(f"Réglage inconnu : {unknown}. Corrigez-le ou retirez-le de {folder / 'cpts.toml'}.")
        self.instance = folder
        self.database_url = self.database_url or f"sqlite:///{folder / 'cpts.db'}"
        self.base_url = self.base_url.rstrip("/")
        self._refuse_unsound()
        return self

    def _refuse_unsound(self):
        if len(self.secret_key) < 32:
            raise SettingsError(
                "La clé secrète manque ou est trop courte. Lancez « cptsapp init », ou écrivez dans cpts.toml une "
                "secret_key d’au moins 32 caractères tirés au hasard."
            )
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
            raise SettingsError("base_url doit ressembler à « https://www.votre-cpts.fr », sans chemin.")
        if self.production and not self.secure:
            raise SettingsError("Un site public demande une adresse en https : corrigez base_url dans cpts.toml.")
        if self.production and self.demo:
            raise SettingsError("La démonstration ne se sert pas sur une adresse publique : retirez demo de cpts.toml.")
        if self.mail_tls not in ("none", "starttls", "ssl"):
            raise SettingsError("mail_tls vaut « none », « starttls » ou « ssl ».")
        if self.bounce_imap_tls not in ("none", "starttls", "ssl"):
            raise SettingsError("bounce_imap_tls vaut « none », « starttls » ou « ssl ».")
        if self.mail_bounce_domain and not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", self.mail_bounce_domain):
            raise SettingsError("mail_bounce_domain est un nom de domaine, par exemple « retours.votre-cpts.fr ».")
        if not 1 <= self.mail_connections <= 16:
            raise SettingsError("mail_connections va de 1 à 16.")

    def documented(self) -> list[tuple[str, object, str]]:
        """Return (key, default, French help) of each setting that an instance may write."""
        return [(each.name, each.default, each.metadata["help"]) for each in _declared()]


def _declared():
    return [each for each in fields(Settings) if "help" in each.metadata]


def _read_toml(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} ne se lit pas : {error}. Corrigez la ligne indiquée.") from error


def _read_environment() -> dict:
    known = {each.name for each in _declared()}
    named = {key[5:].lower(): value for key, value in os.environ.items() if key.startswith("CPTS_")}
    return {key: value for key, value in named.items() if key in known}


def _typed(name, raw, kind):
    """Return `raw` as `kind`; the environment only gives text."""
    if kind is bool and isinstance(raw, str):
        if raw.lower() in ("1", "true", "oui", "yes", "on"):
            return True
        if raw.lower() in ("", "0", "false", "non", "no", "off"):
            return False
        raise SettingsError(f"{name} vaut true ou false, pas « {raw} ».")
    if kind is int and isinstance(raw, str) and raw.strip().lstrip("-").isdigit():
        raw = int(raw)
    if not isinstance(raw, kind) or (kind is int and (isinstance(raw, bool) or raw < 0)):
        expected = {int: "un nombre entier positif", bool: "true ou false", str: "un texte entre guillemets"}[kind]
        raise SettingsError(f"{name} attend {expected}, pas « {raw} ».")
    return raw


settings = Settings()
