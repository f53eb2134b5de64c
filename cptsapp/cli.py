"""The command `cptsapp`: what concerns the whole instance; each feature adds its own group.

Exit codes: 0 done, 1 refused with a sentence, 2 wrong usage.
"""

import os
import sys
from pathlib import Path

import click
from flask.cli import FlaskGroup, with_appcontext

from cptsapp import create_app
from cptsapp.blueprints.account.demo import DEMO_ACCOUNTS, DEMO_PASSWORD
from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.account.rules import create_first_account
from cptsapp.blueprints.association.rules import default_identity
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.kernel import backup, copying, db, instance, jobs, mailbox, registry, search, serving
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.frenchcli import FrenchCommand, FrenchGroup, confirm, in_french
from cptsapp.kernel.mail import holds
from cptsapp.kernel.settings import SettingsError, settings

REFUSED, WRONG_USAGE = 1, 2


class InstanceGroup(FrenchGroup, FlaskGroup):
    """Flask's group: the features' commands appear as soon as there is an instance to load."""

    command_class = FrenchCommand

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        foreign = {"env_file", "app", "debug"}  # Flask's own: there is one application, never in debug
        self.params = [each for each in self.params if each.name not in foreign]

    def list_commands(self, ctx):
        own = set(click.Group.list_commands(self, ctx))
        try:
            return sorted(own | set(create_app().cli.list_commands(ctx)))
        except SettingsError:
            return sorted(own)


def choose_instance(ctx, param, folder):
    if folder:
        os.environ["CPTS_INSTANCE"] = str(Path(folder).resolve())


@click.group(
    cls=InstanceGroup,
    create_app=create_app,
    add_default_commands=False,
    add_version_option=False,
    set_debug_flag=False,
    load_dotenv=False,
    add_help_option=True,
)
@click.option("--instance", callback=choose_instance, expose_value=False, is_eager=True, help="Dossier de l’instance.")
def cli():
    """La maison numérique de votre CPTS."""


def command(name, *options):
    """Declare a command that starts without an application: it makes one when it needs it."""

    def declare(function):
        for option in reversed(options):
            function = option(function)
        params = getattr(function, "__click_params__", [])[::-1]
        cli.add_command(FrenchCommand(name, callback=function, params=params, help=function.__doc__))
        return function

    return declare


def folder() -> Path:
    return Path(os.environ.get("CPTS_INSTANCE", "instance")).resolve()


def typed(words: str, given: str | None) -> str:
    """Return what an option says, else what is typed at the keyboard; a script without the option is not stopped."""
    if given is not None or not sys.stdin.isatty():
        return (given or "").strip()
    return click.prompt(words, default="", show_default=False).strip()


@command(
    "init",
    click.option("--name", default="", help="Nom de l’association."),
    click.option("--communes", default="", help="Codes INSEE des communes, séparés par des virgules."),
    click.option("--email", default="", help="Adresse e-mail de la première personne de la coordination."),
    click.option("--given-name", default=None, help="Son prénom. Au clavier, il est demandé si l’option manque."),
    click.option("--family-name", default=None, help="Son nom. Au clavier, il est demandé si l’option manque."),
)
def init(name, communes, email, given_name, family_name):
    """Crée une instance : dossier, clé secrète, base, et le lien de la première connexion."""
    instance.refuse_over(folder())
    given_name = typed("Prénom de la première personne de la coordination", given_name)
    family_name = typed("Son nom", family_name)
    instance.create(folder())
    app = create_app(folder())
    with app.app_context(), db.connection():
        instance.upgrade()
        instance.copy_content(demo=False)
        codes = [code.strip() for code in communes.split(",") if code.strip()]
        default_identity(name=name or "Notre CPTS", communes=codes, email=email)
        link = create_first_account(email or "coordination@exemple.fr", given_name=given_name, family_name=family_name)
    click.echo(f"Instance créée dans {folder()}.")
    click.echo(f"Premier lien de connexion, valable 7 jours et une seule fois :\n  {link}")
    click.echo("Vérifiez l’adresse du site et le serveur d’e-mails dans cpts.toml, puis lancez « cptsapp serve ».")


@command("demo")
def demo():
    """Remplit une instance vide d’une CPTS fictive, sur les communes réelles de la Brie."""
    fill_demonstration()


def fill_demonstration():
    if not (folder() / "cpts.toml").exists():
        instance.create(folder(), demo=True)
    app = create_app(folder())
    if not settings.demo:
        raise RuleError("Cette instance n’est pas une démonstration : choisissez un dossier vide avec --instance.")
    with app.app_context(), db.connection():
        instance.upgrade()
        refuse_over_data()
        instance.copy_content(demo=True)
        for filler in sorted(registry.demo_fillers, key=lambda filler: filler.order):
            filler.call()
    click.echo(f"Démonstration prête dans {folder()}.")


def refuse_over_data():
    if Account.select().exists():
        raise RuleError("Cette instance contient déjà des données : la démonstration ne s’écrit jamais par-dessus.")


@command(
    "serve",
    click.option("--host", default="127.0.0.1", help="Adresse d’écoute."),
    click.option("--port", default=8000, help="Port d’écoute."),
    click.option("--demo", is_flag=True, help="Crée d’abord la démonstration si l’instance n’existe pas."),
)
def serve(host, port, demo):
    """Sert le site, les tâches et, en démonstration, la boîte aux lettres locale."""
    address = f"http://{'127.0.0.1' if host in serving.EVERYWHERE else host}:{port}"
    if demo and not (folder() / "cpts.toml").exists():
        os.environ.setdefault("CPTS_BASE_URL", address)  # the mails of the demonstration hold links
        fill_demonstration()
    settings.configure(folder())
    if not settings.production:
        os.environ.setdefault("CPTS_BASE_URL", address)
    app = create_app(folder())
    with app.app_context(), db.connection():
        for name in instance.upgrade():
            click.echo(f"Base mise à jour : {name}")
    db.db.close_all()
    sys.exit(serving.run(app, host, port, with_mailbox=settings.demo, welcome=welcome))


def welcome() -> str:
    """Return what a person wants to read once the site answers: where it is, how to log in."""
    lines = ["", f"  cptsapp est prêt : {settings.base_url}"]
    if settings.demo:
        lines += [f"  Courriels reçus  : {settings.base_url}/_courriels", "", "  Pour vous connecter :"]
        lines += [f"    {label:<16} {email}" for label, email in DEMO_ACCOUNTS]
        lines += [f"    mot de passe     {DEMO_PASSWORD}"]
    return "\n".join([*lines, "  Ctrl+C pour arrêter.", ""])


@command("worker")
def worker():
    """Exécute les tâches : envois, rappels, publications, purges."""
    app = create_app(folder())
    serving.leave_what_is_loaded()
    jobs.run_worker(app)


@command("mailbox", click.option("--port", default=None, type=int, help="Port d’écoute (défaut : mail_port)."))
def local_mailbox(port):
    """Reçoit les e-mails de la démonstration dans le dossier mailbox de l’instance."""
    settings.configure(folder())
    mailbox.run(settings.mailbox, port=port or settings.mail_port)


@cli.group("db", cls=FrenchGroup)
def database():
    """Les tables de la base et leurs évolutions."""


@database.command("upgrade", cls=FrenchCommand)
@with_appcontext
def upgrade():
    """Met les tables à jour, après une copie de la base."""
    names = instance.upgrade()
    click.echo("\n".join(f"Fait : {name}" for name in names) or "La base est déjà à jour.")


@database.command("status", cls=FrenchCommand)
@with_appcontext
def status():
    """Dit quelles évolutions sont faites et lesquelles attendent."""
    with db.connection():
        for step in db.runner().status():
            done = f"faite le {step.applied:%d/%m/%Y}" if step.applied else "en attente"
            click.echo(f"{step.name} : {done}")


@database.command("copy", cls=FrenchCommand)
@click.argument("url")
@with_appcontext
def copy(url):
    """Copie la base SQLite dans une base PostgreSQL vide (URL), et compare chaque ligne."""
    with db.connection():
        rows = copying.copy_instance(url)
    app = create_app(folder(), database_url=url)
    with app.app_context(), db.connection():
        search.refill()
    click.echo(f"{sum(rows.values())} lignes de {len(rows)} tables copiées et comparées une à une.")
    click.echo("Arrêtez le site, refaites la copie dans une base vide si des écritures ont eu lieu, puis écrivez dans ")
    click.echo(f'cpts.toml : database_url = "{url}"')


@command("check")
def check():
    """Examine la santé de l’instance, ligne par ligne."""
    app = create_app(folder())
    sound = True
    with app.app_context(), db.connection():
        for each in sorted(registry.checks, key=lambda each: each.order):
            fine, said = each.call()
            sound &= fine
            click.echo(f"{'bien ' if fine else 'À VOIR'} · {each.label} : {said}")
    sys.exit(0 if sound else REFUSED)


KEY_FILE = click.option(
    "--key-file", type=click.Path(path_type=Path), help="Fichier contenant la phrase secrète qui chiffre."
)


@command(
    "backup",
    click.argument("dest", required=False, type=click.Path(path_type=Path)),
    click.option("--with-secrets", is_flag=True, help="Joint cpts.toml et sa clé secrète : à garder en lieu sûr."),
    click.option("--encrypt", is_flag=True, help="Demande une phrase secrète et chiffre l’archive."),
    KEY_FILE,
)
def make_backup(dest, with_secrets, encrypt, key_file):
    """Sauvegarde l’instance en une archive vérifiée (base, contenus, fichiers)."""
    app = create_app(folder())
    secret = backup.secret_in(key_file) if key_file else None
    if encrypt and not secret:
        secret = backup.secret_of(
            click.prompt("Phrase secrète", hide_input=True, confirmation_prompt="Encore une fois")
        )
    with app.app_context(), db.connection():
        click.echo(backup.save(dest, with_secrets=with_secrets, secret=secret))


@command(
    "restore",
    click.argument("source", type=click.Path(path_type=Path)),
    click.option("--yes", is_flag=True, help="Ne pas demander."),
    click.option("--check", "only_check", is_flag=True, help="Vérifie l’archive de bout en bout, et ne change rien."),
    KEY_FILE,
)
def restore(source, yes, only_check, key_file):
    """Remet une sauvegarde en place ; l’instance actuelle est gardée à côté."""
    secret = asked_secret(source, key_file)
    if only_check:
        found = backup.check(source, secret)
        click.echo(f"Sauvegarde saine : {len(found['files'])} fichiers, faite le {found['made_at'][:16]} (UTC).")
        return
    if not yes and (folder() / "cpts.db").exists():
        confirm(f"Arrêtez d’abord le site. Remplacer {folder()} par {source} ?")
    former = backup.restore(source, folder(), secret)
    app = create_app(folder())
    with app.app_context(), db.connection():
        instance.upgrade()
        search.refill()
        refused = refuse_again(former / "cpts.db") if former else 0
        again = erase_again(former / "cpts.db") if former else 0
    click.echo(f"Instance restaurée dans {folder()}." + (f" La précédente est gardée dans {former}." if former else ""))
    if refused:
        click.echo(f"Refus de nos envois reçus depuis cette sauvegarde, et gardés : {refused}.")
    if again:
        click.echo(f"Personnes effacées depuis cette sauvegarde, et effacées à nouveau : {again}.")


def asked_secret(source: Path, key_file: Path | None) -> bytes | None:
    """Return the secret that opens an archive: from a file, or typed when the archive is locked."""
    if key_file or not source.name.endswith(backup.SEALED):
        return backup.secret_in(key_file) if key_file else None
    return backup.secret_of(click.prompt("Phrase secrète", hide_input=True))


def refuse_again(former: Path) -> int:
    """Keep the refusals that came since the backup was made; return how many."""
    return holds.keep(backup.rows_of(former, "mail_hold"), backup.rows_of(former, "lasting_key"))


def erase_again(former: Path) -> int:
    """Erase those who had been erased since the backup was made; return how many."""
    found = [id for id in backup.erased_since(former) if Person.get_or_none(Person.id == id)]
    for id in found:
        privacy.erase_person(id)
    return len(found)


def main():
    """Run the command and turn what went wrong into a sentence and an exit code."""
    try:
        sys.exit(cli.main(standalone_mode=False, prog_name="cptsapp"))
    except (RuleError, SettingsError, db.UnsoundLibrary) as error:
        click.echo(str(error), err=True)
        sys.exit(REFUSED)
    except click.Abort:
        click.echo("Rien n’a été fait.", err=True)
        sys.exit(REFUSED)
    except click.UsageError as error:
        asked = error.ctx.command_path if error.ctx else "cptsapp"
        click.echo(f"{in_french(error)}\nVoir « {asked} --help ».", err=True)
        sys.exit(WRONG_USAGE)
