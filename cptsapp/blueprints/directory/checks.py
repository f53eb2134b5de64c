"""What the parts of a definition must say of one another; each refusal stands at the part that is wrong."""

from collections.abc import Callable

from cptsapp.blueprints.territory import reference

from .definition import FILTERABLE, Definition, Field, Kind, Readers

MOST_FIELDS = 40
RESERVED = {
    "title", "profession", "commune", "email", "phone", "show_email", "show_phone", "is_public", "is_shared",
    "is_speaker", "consent", "person", "stage", "status", "id", "q", "page", "lot", "csrf_token", "website", "form_key",
    "autour", "temoin",
}  # fmt: skip
Refuse = Callable[[tuple, str], None]


def check(definition: Definition, refuse: Refuse) -> None:
    """Refuse what would make a list that cannot be filled, or that shows more than it says."""
    _check_list(definition, refuse)
    _check_fields(definition, refuse)
    _check_stages(definition, refuse)
    _check_rules(definition, refuse)
    _check_figures(definition, refuse)


def _check_list(definition: Definition, refuse: Refuse):
    for code in definition.professions:
        if code not in reference.professions():
            refuse(("professions",), f"« {code[:20]} » n’est pas un code de profession connu.")
    for family in definition.families:
        if family not in reference.FAMILIES:
            known = ", ".join(reference.FAMILIES)
            refuse(("families",), f"« {family[:20]} » n’est pas une famille connue : {known}.")
    if definition.is_of_things != bool(definition.title_label):
        refuse(("title_label",), 'Cette ligne nomme le titre des fiches : elle va avec subject = "thing", et lui seul.')
    if definition.is_of_things and (definition.professions or definition.families):
        refuse(("professions",), "Un lieu ou une ressource n’a pas de profession.")
    if definition.contact_readers.rank < definition.readers.rank:
        refuse(("contact_readers",), "Les coordonnées ne peuvent pas être plus visibles que la liste.")
    if definition.is_public != bool(definition.consent.public):
        refuse(("consent", "public"), 'L’accord pour la page publique va avec readers = "public", et lui seul.')
    if definition.has_partners and definition.readers.rank > Readers.ADHERENTS.rank:
        refuse(
            ("consent", "partners"),
            "Une liste réservée aux professionnels ou à la coordination ne s’ouvre pas aux partenaires.",
        )
    if definition.is_indexed and definition.readers not in (Readers.PUBLIC, Readers.ADHERENTS):
        refuse(
            ("indexed",), "Une liste réservée aux professionnels ou à la coordination n’entre pas dans la recherche."
        )
    if definition.is_printable and not definition.is_exportable:
        refuse(("printable",), "Une liste qui ne s’exporte pas ne s’imprime pas non plus.")


def _check_fields(definition: Definition, refuse: Refuse):
    if len(definition.fields) > MOST_FIELDS:
        refuse(("fields", MOST_FIELDS), f"{MOST_FIELDS} champs au plus.")
    seen = set()
    for rank, field in enumerate(definition.fields):
        if field.key in RESERVED or field.key in seen:
            refuse(("fields", rank, "key"), f"« {field.key} » est déjà pris.")
        seen.add(field.key)
        _check_field(definition, rank, field, refuse)
    if definition.unique_by and definition.unique_by not in seen:
        refuse(("unique_by",), f"Aucun champ ne s’appelle « {definition.unique_by} ».")
    if definition.group_by and _known(definition, definition.group_by, ("group_by",), refuse).kind != Kind.CHOICE:
        refuse(("group_by",), 'Une liste se range par un champ à choix unique (kind = "choice").')


def _check_field(definition: Definition, rank: int, field: Field, refuse: Refuse):
    place = ("fields", rank)
    if (field.kind in (Kind.CHOICE, Kind.CHOICES)) != bool(field.choices):
        refuse((*place, "choices"), 'Les choix vont avec kind = "choice" ou "choices", et eux seuls.')
    if (field.kind == Kind.ENTRY) != bool(field.of):
        refuse((*place, "of"), 'Le répertoire visé va avec kind = "entry", et lui seul.')
    if field.readers.rank < definition.readers.rank:
        refuse((*place, "readers"), "Ce champ ne peut pas être plus visible que la liste.")
    if field.is_filter and field.kind not in FILTERABLE:
        refuse((*place, "filter"), f"On filtre sur ces genres de champs : {', '.join(FILTERABLE)}.")
    if field.least > field.most:
        refuse((*place, "least"), "Le minimum dépasse le maximum.")
    if field.required and field.filled_by != "volunteer" and not definition.is_keyed_only:
        refuse((*place, "required"), "La personne ne remplit pas ce champ : il ne peut pas être obligatoire.")


def _check_stages(definition: Definition, refuse: Refuse):
    keys = [stage.key for stage in definition.stages]
    for rank, stage in enumerate(definition.stages):
        if stage.key in keys[:rank]:
            refuse(("stages", rank, "key"), f"« {stage.key} » est déjà pris.")
        for key in stage.to:
            if key not in keys or key == stage.key:
                refuse(("stages", rank, "to"), f"« {key[:40]} » n’est pas une autre étape du parcours.")
        for key in stage.needs:
            _known(definition, key, ("stages", rank, "needs"), refuse)
    if definition.stage_readers.rank < definition.readers.rank:
        refuse(("stage_readers",), "L’étape ne peut pas être plus visible que la liste.")


def _check_rules(definition: Definition, refuse: Refuse):
    for rank, each in enumerate(definition.uniques):
        _has_value(definition, each.field, each.value, ("uniques", rank), refuse)
        if each.per:
            _known(definition, each.per, ("uniques", rank, "per"), refuse)
    for rank, each in enumerate(definition.requirements):
        _has_value(definition, each.field, each.value, ("requirements", rank), refuse)
        if not each.needs:
            refuse(("requirements", rank, "needs"), "Nommez au moins un champ.")
        for key in each.needs:
            _known(definition, key, ("requirements", rank, "needs"), refuse)
    for rank, each in enumerate(definition.tags):
        _has_value(definition, each.field, each.value, ("tags", rank), refuse)
    if definition.capacity:
        _is_number(definition, definition.capacity.field, ("capacity", "field"), refuse)


def _check_figures(definition: Definition, refuse: Refuse):
    seen = set()
    for rank, each in enumerate(definition.figures):
        place = ("figures", rank)
        if each.key in seen:
            refuse((*place, "key"), f"« {each.key} » est déjà pris.")
        seen.add(each.key)
        if each.stage and definition.stage(each.stage) is None:
            refuse((*place, "stage"), f"Aucune étape ne s’appelle « {each.stage} ».")
        if each.field:
            _has_value(definition, each.field, each.value, place, refuse)
        if each.sum:
            _is_number(definition, each.sum, (*place, "sum"), refuse)
        if not (each.stage or each.field or each.sum):
            refuse(place, "Un indicateur compte une étape, une valeur ou une somme.")


def _known(definition: Definition, key: str, place: tuple, refuse: Refuse) -> Field:
    found = next((each for each in definition.fields if each.key == key), None)
    if found is None:
        refuse(place, f"Aucun champ ne s’appelle « {key[:40]} ».")
    return found


def _is_number(definition: Definition, key: str, place: tuple, refuse: Refuse):
    if _known(definition, key, place, refuse).kind != Kind.NUMBER:
        refuse(place, f"« {key} » n’est pas un nombre.")


def _has_value(definition: Definition, key: str, value: str, place: tuple, refuse: Refuse):
    """Refuse a value that the field cannot have; "oui" and "non" are those of a yes/no field."""
    field = _known(definition, key, (*place, "field"), refuse)
    if not value:
        return
    if field.kind == Kind.YES_NO:
        known = ("oui", "non")
    elif field.kind in (Kind.CHOICE, Kind.CHOICES):
        known = tuple(field.labels)
    else:
        refuse((*place, "field"), f"« {key} » n’est ni un choix ni un oui-ou-non.")
    if value not in known:
        refuse((*place, "value"), f"« {value} » n’est pas une valeur de « {key} » : {', '.join(known)}.")
