"""The directories of volunteers, and every list that an association keeps: one engine, each list a definition.

- `definition`: what a directory is (fields, readers, path, consent, capacity…); `reading`: a definition from TOML or
  JSON, refused with its file, line and reason; `catalogue`: the directories of this instance, shipped or made here.
- `models`: the entries, their indexed values, every change of them; `values`: a value checked and written as people
  read it; `viewing`: the one place that decides what a reader may see; `finding`: an entry found and filtered.
- `rules`: declare, change, pause, leave, take back; `deciding`: what the coordination decides; `stages`: the path;
  `places`: the capacity of an entry; `freshness`: reminders, confirmation, expiry; `history`: the list of any past day.

Sources: RGPD, articles 6, 7 and 17 (consent, its proof, its withdrawal); code de la santé publique, L. 4301-1 (IPA),
L. 1161-1 to 6 (éducation thérapeutique), L. 4011-1 (protocoles de coopération).
"""
