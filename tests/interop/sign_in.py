"""Autobahn|Python signs in, by its own authenticators, and calls itself once.

Usage: sign_in.py URL REALM METHOD AUTHID ROLE SECRET. SECRET is the ticket, the secret, the password,
or the private key in hexadecimal. Exits 0 when it is in as AUTHID and ROLE, 2 when it is refused.
"""

import asyncio
import sys
import traceback

from autobahn.asyncio.wamp import ApplicationRunner, Session
from autobahn.wamp import auth

URL, REALM, METHOD, AUTHID, ROLE, SECRET = sys.argv[1:7]
outcome = {"code": 1}


def authenticator():
    secrets = {"ticket": "ticket", "wampcra": "secret", "scram": "password", "cryptosign": "privkey"}
    return auth.create_authenticator(METHOD, authid=AUTHID, **{secrets[METHOD]: SECRET})


class SignIn(Session):
    async def on_join(self, details):
        try:
            found = (details.authid, details.authrole, details.authmethod)
            assert found == (AUTHID, ROLE, METHOD), found
            await self.register(lambda number: number + 1, "com.example.increment")
            assert await self.call("com.example.increment", 41) == 42
            print("signed in:", found)
            outcome["code"] = 0
        except Exception:
            traceback.print_exc()
        self.leave()

    def on_leave(self, details):
        if outcome["code"] != 0 and details.reason == "wamp.error.authentication_failed":
            print("refused:", details.reason)
            outcome["code"] = 2
        self.disconnect()

    def on_disconnect(self):
        asyncio.get_event_loop().stop()


def session(config):
    session = SignIn(config)
    session.add_authenticator(authenticator())
    return session


ApplicationRunner(URL, REALM).run(session)
sys.exit(outcome["code"])
