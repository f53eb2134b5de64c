"""A mail server in its own process, that misbehaves at random and writes down each mail before it says yes.

usage: mail_sink.py PORT LOG SEED MODE…     modes: slow stall greylist refuse cut drop
"""

import asyncio
import os
import random
import re
import sys
from contextlib import suppress

from aiosmtpd.smtp import SMTP

PORT, LOG, SEED, MODES = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), set(sys.argv[4:])
SHARE = 0.04  # of the mails, for each misbehaviour


class Keeper:
    def __init__(self):
        self.log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.random = random.Random(SEED)
        self.known = set()

    def strikes(self, mode, share=SHARE):
        return mode in MODES and self.random.random() < share

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.random.random() < 0.7:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        first = address not in self.known
        self.known.add(address)
        if first and self.strikes("greylist"):
            return "451 4.7.1 greylisted"
        if first and self.strikes("refuse", SHARE / 4):
            return "550 5.1.1 user unknown"
        if self.strikes("cut"):
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.strikes("slow", 0.3):
            await asyncio.sleep(0.02)
        message_id = re.search(rb"Message-ID: (\S+)", envelope.content)[1]
        to = re.search(rb"^To: (\S+)", envelope.content, re.MULTILINE)[1]
        line = b"%s %s %s\n" % (envelope.rcpt_tos[0].encode(), to, message_id)
        os.write(self.log, line)
        if self.strikes("slow", 0.5) or "stall" in MODES:
            await asyncio.sleep(0.05 if "stall" in MODES else 0.02)  # written down, and not said yet
        if self.strikes("drop"):
            server.transport.abort()
        return "250 2.0.0 OK"


async def main():
    loop, keeper = asyncio.get_running_loop(), Keeper()
    server = await loop.create_server(lambda: SMTP(keeper, loop=loop), "127.0.0.1", PORT)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


with suppress(KeyboardInterrupt):
    asyncio.run(main())
