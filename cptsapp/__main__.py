"""`python -m cptsapp` is the command `cptsapp`."""

from cptsapp.cli import main

main()
