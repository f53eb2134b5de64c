"""click in French: the words that it writes itself in a help page."""

import click


class French:
    """The help page of a command, with French headings."""

    def get_help_option(self, ctx):
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Affiche cette aide."
        return option

    def format_usage(self, ctx, formatter):
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix="Usage : ")

    def format_options(self, ctx, formatter):
        records = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        if records:
            with formatter.section("Options"):
                formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


def confirm(question: str):
    """Ask before what cannot be undone; anything but « oui » stops there."""
    answer = click.prompt(f"{question} [o/N]", default="", show_default=False, prompt_suffix=" : ")
    if answer.strip().lower() not in ("o", "oui", "y", "yes"):
        raise click.Abort


def in_french(error: click.UsageError) -> str:
    """Say what was wrong in the words typed; what click has no class for is left as it is."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            return error.format_message()
        case click.exceptions.NoSuchCommand():
            return f"La commande « {error.command_name} » n’existe pas."
        case click.NoSuchOption():
            return f"L’option « {error.option_name} » n’existe pas."
        case click.MissingParameter():
            return f"Il manque « {_name(error.param)} »."
        case click.BadParameter() if isinstance(error.param and error.param.type, click.Choice):
            return f"« {_name(error.param)} » se choisit parmi : {', '.join(error.param.type.choices)}."
        case click.BadParameter() if error.param:
            return f"La valeur donnée à « {_name(error.param)} » ne convient pas."
    return error.format_message()


def _name(param: click.Parameter | None) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name if param else "une valeur"


class FrenchCommand(French, click.Command):
    """A command that explains itself in French."""


class FrenchGroup(French, click.Group):
    """A group that explains itself in French, and so do its commands."""

    command_class = FrenchCommand

    def format_commands(self, ctx, formatter):
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, each.get_short_help_str(90)) for name, each in commands if each and not each.hidden]
        if rows:
            with formatter.section("Commandes"):
                formatter.write_dl(rows)
