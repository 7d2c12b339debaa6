"""A mail server for tests: aiosmtpd, controlled by JSON in its argument and by lines on its standard input.

The server prints one line of JSON per event: the port that it listens on, that it has accepted a line, and each mail.
It ends with its standard input.
"""

import asyncio
import json
import logging
import os
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# Deliberate mistakes of a client must not clutter the output of the tests.
logging.disable()
warnings.simplefilter("ignore")

behavior = {"recipients": {}, "hang": None}


def report(**event):
    print(json.dumps(event), flush=True)


class Server(SMTP):
    async def _handle_client(self):
        if behavior["hang"] == "greeting":
            await asyncio.sleep(3600)
        if behavior["hang"] == "trickle":
            # Each byte comes in time, but the line never ends.
            while True:
                self._writer.write(b"2")
                await self._writer.drain()
                await asyncio.sleep(0.05)
        await super()._handle_client()

    async def smtp_QUIT(self, arg):
        if behavior["hang"] == "quit":
            await asyncio.sleep(3600)
        await super().smtp_QUIT(arg)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        refusals = behavior["recipients"]
        reply = refusals.get(address, refusals.get("*"))
        if reply is not None:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if behavior["hang"] == "data":
            await asyncio.sleep(3600)
        report(
            mail={
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "text": envelope.content.decode(),
                "encrypted": session.ssl is not None or settings["tls"] == "implicit",
                "user": session.auth_data.login.decode() if session.auth_data else None,
            }
        )
        return behavior.get("after_data", "250 OK")


def authenticate(server, session, envelope, mechanism, data):
    user, password = settings["login"]
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    if (data.login.decode(), data.password.decode()) == (user, password):
        return AuthResult(success=True, auth_data=data)
    # Real servers repeat what they were sent, and that must stay hidden.
    message = f"535 5.7.8 no: {data.login.decode()} {data.password.decode()}"
    return AuthResult(success=False, handled=False, message=message)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(settings["certificate"], settings["key"])
    return made


def factory():
    options = {"hostname": "mail.test", "loop": loop}
    if settings["tls"] == "starttls":
        options |= {"tls_context": context(), "require_starttls": True}
    if settings["login"]:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": settings["tls"] == "starttls"}
    return Server(Handler(), **options)


async def accept_settings():
    """Reads lines in a thread, which works everywhere; asyncio's pipes do not."""
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        behavior.update(json.loads(line))
        report(accepted=True)
    os._exit(0)


async def main():
    tls = context() if settings["tls"] == "implicit" else None
    server = await loop.create_server(factory, "127.0.0.1", settings["port"], ssl=tls)
    report(port=server.sockets[0].getsockname()[1])
    await accept_settings()


settings = json.loads(sys.argv[1])
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
