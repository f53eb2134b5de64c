"""Once a day, the communes in use follow the reference that the installed version ships."""

from cptsapp.kernel.jobs import daily

from . import rules

refresh_communes = daily("04:40")(rules.refresh_communes)
