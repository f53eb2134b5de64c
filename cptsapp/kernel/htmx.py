"""Page or part, 422, Vary, redirects: decided once."""

from flask import make_response, render_template, request

from .security import vary_on


def wants_fragment() -> bool:
    """Tell whether HTMX asks for a part; a boosted link or a history restore wants the page."""
    asks = request.htmx
    return bool(asks and not asks.boosted and not asks.history_restore_request)


def page(template, *, fragment=None, form=None, status=None, **context):
    """Render `template`, or its block `fragment` alone for HTMX. A form with errors answers 422."""
    part = bool(fragment) and wants_fragment()
    html = render_template(
        template,
        layout="_fragment.html" if part else "base.html",
        layout_gestion="_fragment.html" if part else "gestion.html",
        fragment=fragment,
        form=form,
        **context,
    )
    return make_response(html, status or (422 if form is not None and form.errors else 200))


def leave_page_on_redirect(response):
    """Let HTMX follow a redirect (after a POST, to the login) as a page, not swap it into a part."""
    if wants_fragment() and response.location:
        response.headers["HX-Redirect"] = response.headers.pop("Location")
        response.status_code = 204
        response.set_data(b"")
    vary_on(response, "HX-Request", "Cookie")
    return response
