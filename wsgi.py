"""For any WSGI server: `gunicorn wsgi:app`."""

from cptsapp import create_app

app = create_app()
