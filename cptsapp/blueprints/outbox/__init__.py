"""The mails that leave: what left, what waits, what failed and why; the test mail; the demonstration's mailbox.

The delivery table and its sender are the kernel's (`cptsapp.kernel.mail`); this feature shows them to people.
"""
