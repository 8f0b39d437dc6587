"""Autobahn|Python in the demo house: signs in, listens, calls, searches, and errs on purpose.

Usage: house.py URL AUTHID SECRET json|msgpack. Exits 0 when everything was as it should be.
"""

import asyncio
import sys
import traceback

from answers import error_of
from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.serializer import JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import CallOptions
from autobahn.wamp import auth

URL, AUTHID, SECRET, SERIALIZER = sys.argv[1:5]
LIMIT = 60
outcome = {"ok": False}


class House(ApplicationSession):
    def onConnect(self):
        self.join(self.config.realm, ["wampcra"], AUTHID)

    def onChallenge(self, challenge):
        assert challenge.method == "wampcra", challenge.method
        key = SECRET.encode()
        if "salt" in challenge.extra:
            key = auth.derive_key(
                key, challenge.extra["salt"], challenge.extra["iterations"], challenge.extra["keylen"]
            )
        return auth.compute_wcs(key, challenge.extra["challenge"]).decode("ascii")

    async def onJoin(self, details):
        try:
            await asyncio.wait_for(self.live(details), LIMIT)
            outcome["ok"] = True
        except Exception:
            traceback.print_exc()
        finally:
            self.leave()

    async def live(self, details):
        assert (details.authid, details.authrole, details.authmethod) == (AUTHID, "admin", "wampcra"), details

        events, alerts = asyncio.Queue(), asyncio.Queue()
        await self.subscribe(lambda *args, **kwargs: events.put_nowait(kwargs), "sensor.events")
        await self.subscribe(lambda *args, **kwargs: alerts.put_nowait(kwargs), "alert.raised")
        event = await events.get()
        assert event["sensorId"], event
        print("sensor.events:", event)

        # The living room is warmer than 16 degrees, so this raises an alert.
        threshold = await self.call(
            "config.thresholds.set", area="living room", quantity="temperature", high=16.0, min_on=0, min_off=0
        )
        assert threshold.kwresults["high"] == 16.0 and threshold.kwresults["set_by"] == AUTHID, threshold
        while True:
            alert = await alerts.get()
            if alert["area"] == "living_room" and alert["kind"] == "high":
                break
        assert "Living room" in alert["message"], alert
        print("alert.raised:", alert["message"])

        state = await self.call("dcs.ac.control", True, area="living room", **{"for": 60})
        assert state.kwresults["on"] is True and state.kwresults["kind"] == "ac", state
        assert state.kwresults["cause"]["by"] == AUTHID, state

        found = []
        devices = await self.call(
            "discover.devices",
            seconds=8,
            options=CallOptions(on_progress=lambda *args, **kwargs: found.append(kwargs or args[0])),
        )
        assert found, "nothing was found on the way"
        assert len(devices) >= len(found), (devices, found)
        print("found on the way:", [device["name"] for device in found])

        await self.refused("config.thresholds.set", "high", area="living room", quantity="temperature", high="warm")
        await self.refused(
            "config.thresholds.set", "low", area="living room", quantity="temperature", low=30.0, high=20.0
        )
        await self.refused("dcs.ac.control", "on")
        error = await error_of(self.call("dcs.heater.control", True, area="cellar"))
        assert error.error == "homeapp.error.hardware_not_found", error

    async def refused(self, procedure, word, *args, **kwargs):
        error = await error_of(self.call(procedure, *args, **kwargs))
        assert error.error == "wamp.error.invalid_argument", error
        assert word in str(error.args[0]), error
        print("refused:", error.args[0])

    def onDisconnect(self):
        asyncio.get_event_loop().stop()


serializer = {"json": JsonSerializer, "msgpack": MsgPackSerializer}[SERIALIZER]()
ApplicationRunner(URL, "homeapp", serializers=[serializer]).run(House)
sys.exit(0 if outcome["ok"] else 1)
