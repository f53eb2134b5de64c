"""The files that go with a mail: read back by the standard library from the bytes that left."""

from datetime import date
from email import message_from_bytes, policy

import pytest
from peewee import fn

from cptsapp.kernel import mail
from cptsapp.kernel.db import db
from cptsapp.kernel.mail import Attached, OutgoingMail
from cptsapp.kernel.mail.models import FrozenMail, MailFile
from cptsapp.kernel.mail.retention import purge_delivered

CALENDAR = "BEGIN:VCALENDAR\r\nSUMMARY:Dépistage – l’été\r\n.point\r\n--tiret\r\nEND:VCALENDAR\r\n" * 40
FILE = Attached("rendez-vous.ics", "text/calendar; charset=utf-8; method=PUBLISH", CALENDAR.encode())


def queue(**options):
    with db.atomic():
        return mail.queue(
            "outbox/test", to="zoe@exemple.fr", values={"collective": False, "address": "a@b.fr"}, **options
        )


def parsed(letter):
    return message_from_bytes(letter.content, policy=policy.default)


def test_a_file_leaves_beside_the_text_and_comes_back_byte_for_byte(mailbox):
    queue(files=[FILE])
    [letter] = mailbox.deliver()
    message = parsed(letter)
    assert message.get_content_type() == "multipart/mixed"
    both, calendar = message.iter_parts()
    assert [each.get_content_type() for each in both.iter_parts()] == ["text/plain", "text/html"]
    assert calendar.get_content_type() == "text/calendar"
    assert (calendar.get_param("charset"), calendar.get_param("method")) == ("utf-8", "PUBLISH")
    assert calendar.get_filename() == "rendez-vous.ics"
    assert calendar.get_payload(decode=True) == FILE.content
    assert not any(each.defects for each in message.walk())
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998


def test_the_text_of_a_mail_with_a_file_is_that_of_a_mail_without(mailbox):
    queue(files=[FILE])
    queue()
    with_file, without = (parsed(each) for each in mailbox.deliver())
    assert with_file.get_body(("plain",)).get_content() == without.get_body(("plain",)).get_content()
    assert without.get_content_type() == "multipart/alternative"


def test_several_files_keep_their_order(mailbox):
    queue(files=[FILE, Attached("notes.pdf", "application/pdf", bytes(range(256)))])
    [letter] = mailbox.deliver()
    files = list(parsed(letter).iter_attachments())
    assert [each.get_filename() for each in files] == ["rendez-vous.ics", "notes.pdf"]
    assert files[1].get_payload(decode=True) == bytes(range(256))


def test_a_second_mail_of_a_key_brings_no_second_file(app):
    queue(key="une-fois", files=[FILE])
    queue(key="une-fois", files=[FILE])
    assert MailFile.select().count() == 1


def test_a_mail_that_cannot_leave_keeps_no_file(app):
    with db.atomic():
        mail.queue("outbox/test", to="", values={"collective": False, "address": "a@b.fr"}, files=[FILE])
    assert MailFile.select().count() == 0


@pytest.mark.parametrize(
    "file",
    [
        Attached("../../etc/passwd", "text/plain", b""),
        Attached('a"b.ics', "text/calendar", b""),
        Attached("a.ics", "text/calendar\r\nBcc: tous@exemple.fr", b""),
        Attached("a\r\nBcc: x.ics", "text/calendar", b""),
    ],
)
def test_a_name_or_a_type_that_would_break_a_header_is_refused_and_nothing_is_kept(app, file):
    with pytest.raises(ValueError, match="cannot carry"):
        queue(files=[file])
    assert OutgoingMail.select().count() == 0


def test_the_file_goes_with_the_secrets_of_its_mail(mailbox):
    queue(files=[FILE], secret=["address"])
    assert mailbox.deliver()
    assert MailFile.select().count() == FrozenMail.select().count() == 0


def test_the_file_goes_when_its_mail_is_purged(mailbox):
    queue(files=[FILE])
    mailbox.deliver()
    assert MailFile.select(fn.COUNT(1)).scalar() == 1
    purge_delivered(date(2199, 1, 1))
    assert MailFile.select().count() == OutgoingMail.select().count() == 0
