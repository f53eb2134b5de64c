#!/bin/sh
# make_venv.sh PYTHON FOLDER LIST: the environment with exactly the pinned packages of LIST; says in one sentence what is missing.
set -eu
python=$1 folder=$2 list=$3
say() { printf '%s\n' "$*" >&2; }

if ! command -v "$python" >/dev/null 2>&1 || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Il faut Python 3.11 ou plus récent : installez-le (apt install python3), ou indiquez-le avec make PYTHON=/chemin/python3."
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installation de python3-venv…"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    else
        say "Le module venv de Python manque. Installez-le avec : sudo apt install python3-venv"
        exit 1
    fi
fi
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
say "Installation des dépendances ($list)…"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$list"
# The service may not write beside the program: what is not compiled now would be, at each start.
[ ! -d cptsapp ] || "$folder/bin/python" -m compileall -q cptsapp
# The command « cptsapp »: a two-line script rather than a package build, which would fetch unpinned tools.
root=$(pwd)
cat > "$folder/bin/cptsapp" <<SCRIPT
#!/bin/sh
PYTHONPATH="$root\${PYTHONPATH:+:\$PYTHONPATH}" exec "$root/$folder/bin/python" -m cptsapp "\$@"
SCRIPT
chmod +x "$folder/bin/cptsapp"
