from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cptsapp.kernel.markdown import excerpt, plain, render, render_document

CALLS = ["alert(1)", "alert`1`", "top['al'+'ert'](1)", "fetch(`//x.exemple`)", "eval(name)"]
HOLES = [
    "<script>{0}</script>",
    "<script src=//x.exemple/{0}></script>",
    "<ScRiPt >{0}</sCrIpT >",
    "<img src=x onerror={0}>",
    "<img src='/images/a.png' onload=\"{0}\">",
    '<img alt="><script>{0}</script>" src=/images/a.png>',
    "<svg onload={0}>",
    "<svg><script>{0}</script></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={0}&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror={0}>'>",
    "<iframe src='javascript:{0}'></iframe>",
    "<iframe srcdoc='<script>{0}</script>'></iframe>",
    "<object data='data:text/html,{0}'></object>",
    "<embed src='javascript:{0}'>",
    "<a href='javascript:{0}'>a</a>",
    "<a href=' java\tscript:{0}'>a</a>",
    "<a href='&#106;avascript&colon;{0}'>a</a>",
    '<a href="data:text/html;base64,{0}">a</a>',
    "<a href='//x.exemple/{0}'>a</a>",
    "<a href='/\\x.exemple/{0}'>a</a>",
    "[a](javascript:{0})",
    "[a](JaVaScRiPt:{0})",
    "[a](java&Tab;script:{0})",
    "[a](vbscript:{0})",
    "[a](data:text/html;base64,{0})",
    "[a](//x.exemple/{0})",
    "[a](<javascript:{0}>)",
    "[a][b]\n\n[b]: javascript:{0}",
    "<javascript:{0}>",
    "![a](javascript:{0})",
    "![a](https://x.exemple/a.png?{0})",
    "![a](//x.exemple/a.png)",
    '![a" onerror="{0}](/images/a.png)',
    '![a](/images/a.png "onerror={0}")',
    "![a](/images/../../secret?{0})",
    "`<script>{0}</script>`",
    "    <script>{0}</script>",
    "```\n<script>{0}</script>\n```",
    "<div hx-on:load='{0}' hx-get='/x' data-hx-get='/x' style='x:{0}' id='contenu'>a</div>",
    "<form action='javascript:{0}'><button formaction='javascript:{0}'>a</button></form>",
    "<style>@import 'javascript:{0}'</style>",
    "<link rel=stylesheet href='javascript:{0}'>",
    "<meta http-equiv=refresh content='0;url=javascript:{0}'>",
    "<base href='javascript:{0}//'>",
    "<details open ontoggle={0}>a</details>",
    "<video><source onerror={0}></video>",
    "<body onload={0}>",
    "<x onclick={0}>a</x>",
    "<a\nonmouseover\n=\n{0}>a</a>",
    "<<script>{0}//<</script>",
    "<scr<script>ipt>{0}</script>",
    "<!--<img src='--><img src=x onerror={0}//'>",
    "<![CDATA[<script>{0}</script>]]>",
    "<?php {0} ?>",
    "\x02<script>{0}</script>\x03",
    "wzxhzdk:0 <script>{0}</script>",
    "| a |\n|---|\n| <img src=x onerror={0}> |",
    "Texte[^1]\n\n[^1]: <img src=x onerror={0}>",
    "[^<script>{0}</script>]\n\n[^<script>{0}</script>]: a",
    "# <img src=x onerror={0}>",
    "Terme\n:   <img src=x onerror={0}>",
    "<a href='https://x.exemple' target=_blank rel=opener onclick={0}>a</a>",
]
WRAPS = ["{0}", "# {0}", "> {0}", "- {0}", "**{0}**", "[{0}](/a)", "a {0} b", "\n\n{0}\n\n", "<b>{0}</b>"]
VECTORS = [wrap.format(hole.format(call)) for hole, call, wrap in product(HOLES, CALLS[:3], WRAPS)]
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl", "dt",
    "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol",
    "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
}  # fmt: skip
NAMES = {
    "alt", "aria-label", "class", "colspan", "datetime", "height", "href", "id", "loading", "rel", "role",
    "rowspan", "scope", "src", "start", "tabindex", "title", "width",
}  # fmt: skip


class Reader(HTMLParser):
    """Fails on any tag, attribute or address that a browser should not be given."""

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS
        for name, value in attributes:
            assert name in NAMES, name
            if name == "href":
                assert value.startswith(("https://", "mailto:", "tel:", "/", "#", "?")), value
                assert not value.startswith("//")
                assert "\\" not in value or value.startswith("https://")
            if name == "src":
                assert value.startswith("/images/")
                assert ".." not in value
            if name == "id":
                assert value.startswith(("s-", "fn"))

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


def read(html):
    reader = Reader(convert_charrefs=True)
    reader.feed(str(html))
    reader.close()


@pytest.mark.parametrize("trusted", [False, True])
def test_no_script_vector_gives_a_browser_anything_to_run(trusted):
    assert len(VECTORS) > 1000
    for vector in VECTORS:
        read(render(vector, trusted=trusted))


marks = st.text(alphabet=st.sampled_from("ab <>\"'`*_[]()!#|:-\\/&;=\n\t^~0123x\x00\x02\x03"), max_size=200)


@settings(max_examples=300, deadline=None)
@given(st.one_of(marks, st.text(max_size=200)), st.booleans())
def test_any_text_is_rendered_and_is_harmless(text, trusted):
    read(render(text, trusted=trusted))
    plain(text)
    assert len(excerpt(text, 50)) <= 51


ENDLESS = ["> " * 3000 + "a", "*" * 5000, "[" * 5000, "- " * 2000 + "a", "`" * 5001, "_a" * 5000]


@pytest.mark.parametrize("text", ENDLESS)
def test_a_text_made_to_exhaust_the_reader_is_still_rendered(text):
    read(render(text))


def test_html_is_shown_as_typed_unless_trusted():
    assert "&lt;b&gt;gras&lt;/b&gt;" in render("<b>gras</b>")
    assert "<b>gras</b>" in render("<b>gras</b>", trusted=True)
    assert "<div>\n" not in render("<div>\nbloc\n</div>")


def test_headings_start_at_level_two_and_skip_none():
    def levels(text):
        return [level for level, _, _ in render_document(text).toc]

    assert levels("# Un\n\n#### Deux\n\n## Trois\n\n###### Quatre") == [2, 3, 3, 4]
    assert levels("## Un\n\n### Deux\n\n## Trois") == [2, 3, 2]
    assert "<h1" not in render("# Un")


def test_headings_have_anchors_that_stay_apart_from_the_page_s_own():
    rendered = render_document("## Où consulter ?\n\n## Où consulter ?\n\n[voir](#ou-consulter)")
    assert [anchor for _, anchor, _ in rendered.toc] == ["s-ou-consulter", "s-ou-consulter_1"]
    assert 'href="#s-ou-consulter"' in rendered.html


def test_tables_can_be_scrolled_and_read_aloud():
    html = render("| Commune | Lieu |\n|---|--:|\n| Lésigny | Mairie |")
    assert '<div class="table-scroll" tabindex="0" role="region" aria-label="Tableau 1"><table>' in html
    assert '<th scope="col">Commune</th>' in html
    assert '<td class="align-right">Mairie</td>' in html


def test_footnotes_and_definitions_work():
    html = render("Un fait[^1].\n\n[^1]: La source.\n\nIPA\n:   Infirmier en pratique avancée")
    assert 'href="#fn:1"' in html
    assert 'id="fn:1"' in html
    assert "<dt>IPA</dt>" in html


def test_a_remote_image_becomes_a_link_and_a_local_one_stays():
    assert render("![Carte](https://x.exemple/a.png)") == (
        '<p><a rel="noopener noreferrer" href="https://x.exemple/a.png">Carte</a></p>'
    )
    assert '<img loading="lazy" alt="Carte" src="/images/a.png">' in render("![Carte](images/a.png)")


def test_a_link_alone_to_a_video_is_named_and_never_embedded():
    assert "Voir la vidéo sur YouTube</a>" in render("https://www.youtube.com/watch?v=abc")
    assert ">Le film</a> (vidéo sur YouTube)" in render("[Le film](https://youtu.be/abc)")
    assert "vidéo" not in render("Un mot et https://youtu.be/abc dans la phrase")


def test_bare_addresses_become_links_without_their_punctuation():
    assert 'href="https://exemple.fr/a">https://exemple.fr/a</a>.' in render("Voir https://exemple.fr/a.")
    assert 'href="https://exemple.fr"' in render("http://exemple.fr")
    assert "<a" not in render("`https://exemple.fr`")


def test_links_of_the_site_need_no_relation_and_others_have_one():
    assert '<a href="/contact">' in render("[a](/contact)")
    assert '<a href="/la-cpts">' in render("[a](la-cpts)")
    assert 'rel="noopener noreferrer"' in render("[a](https://exemple.fr)")
    assert '<a href="tel:+33199000000">' in render("[a](tel:+33199000000)")
    assert render("[a](javascript:x)") == "<p>a</p>"


def test_typography_is_for_the_words_only():
    html = render('C\'est "ici" : `a ? b : c` https://exemple.fr/?a')
    assert "C’est «\u00a0ici\u00a0»\u00a0:" in html
    assert "<code>a ? b : c</code>" in html
    assert 'href="https://exemple.fr/?a"' in html


def test_plain_words_and_excerpts_carry_no_marks():
    text = "## Titre\n\nUn **mot**[^1] et [un lien](/a).\n\n[^1]: Note."
    assert plain(text) == "Titre Un mot et un lien. Note."
    assert excerpt(text, 14) == "Titre Un mot…"
    assert excerpt("court") == "court"
