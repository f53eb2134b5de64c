"""Calendar files (a stand-in until the real one is written)."""


def event_ics(event, *, registration=None, method="PUBLISH") -> str:
    return f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nUID:{event.uid}\r\nEND:VCALENDAR\r\n"
