from urllib.parse import urljoin, urlsplit

import pytest

from cptsapp.kernel.urls import safe_next


@pytest.mark.parametrize("target", ["/", "/espace/", "/gestion/personnes/?q=a&page=2", "/a%20b#c", "/a:b@c"])
def test_a_path_of_the_site_is_followed(target):
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        None,
        "espace",
        "//ailleurs.fr",
        "///ailleurs.fr",
        "/\\ailleurs.fr",
        "\\\\ailleurs.fr",
        "/\t/ailleurs.fr",
        "/\n/ailleurs.fr",
        "\t//ailleurs.fr",
        " //ailleurs.fr",
        "https://ailleurs.fr",
        "https:ailleurs.fr",
        "javascript:alert(1)",
        "@ailleurs.fr",
        "/espace\r\nLocation: https://ailleurs.fr",
        "/\u2028/ailleurs.fr",
        "/" + "a" * 3000,
        "/é",
    ],
)
def test_anything_else_is_not(target):
    assert safe_next(target, default="/ici") == "/ici"
    assert urlsplit(urljoin("http://site.exemple.fr/x", safe_next(target))).netloc == "site.exemple.fr"
