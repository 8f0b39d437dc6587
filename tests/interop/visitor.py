"""Sessions of Autobahn|Python for the checks: each over the same transport, in the same serializer."""

import asyncio
from urllib.parse import urlsplit

from answers import PATIENCE
from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp.serializer import create_transport_serializer
from autobahn.wamp.types import ComponentConfig


class Heard:
    """What a handler was given, in order."""

    def __init__(self):
        self.queue = asyncio.Queue()

    def __call__(self, *args, details=None, **kwargs):
        self.queue.put_nowait((args, kwargs, details))

    async def next(self):
        return await asyncio.wait_for(self.queue.get(), PATIENCE)

    async def first(self):
        """The first argument of the next event."""
        args, _, _ = await self.next()
        return args[0]

    async def until(self, last):
        """The first arguments of all events before the one that says `last`."""
        found = []
        while (value := await self.first()) != last:
            found.append(value)
        return found


class Visitor(ApplicationSession):
    """A session that signs in by ticket, or not at all."""

    def __init__(self, realm, authid):
        super().__init__(ComponentConfig(realm))
        self.user = authid
        self.joined, self.left, self.closed = (asyncio.get_running_loop().create_future() for _ in range(3))
        self.errors = []

    def onConnect(self):
        if self.user is None:
            self.join(self.config.realm, ["anonymous"])
        else:
            self.join(self.config.realm, ["ticket"], self.user)

    def onChallenge(self, challenge):
        assert challenge.method == "ticket", challenge.method
        return f"{self.user}'s ticket"

    def onJoin(self, details):
        self.joined.set_result(details)

    def onLeave(self, details):
        self.left.set_result(details)
        super().onLeave(details)
        if not self.joined.done():
            self.joined.set_exception(RuntimeError(f"{details.reason}: {details.message}"))

    def onDisconnect(self):
        if not self.closed.done():
            self.closed.set_result(None)
        super().onDisconnect()

    def onUserError(self, fail, msg):
        self.errors.append(msg)

    def drop(self):
        """The connection ends without a goodbye."""
        self._transport.abort()


class Way:
    """How sessions get to the router: a transport and a serializer."""

    def __init__(self, url, serializer):
        self.url = url
        self.serializer = serializer

    @property
    def is_websocket(self):
        return self.url.startswith("ws://")

    async def connect(self, session, serializer=None, **options):
        """Connects; `options` are those of Autobahn's WebSocket protocol. Gives the transport."""
        serializer = create_transport_serializer(serializer or self.serializer)
        loop = asyncio.get_running_loop()
        url = urlsplit(self.url)
        if self.is_websocket:
            factory = WampWebSocketClientFactory(lambda: session, url=self.url, serializers=[serializer])
            factory.setProtocolOptions(**options)
        else:
            factory = WampRawSocketClientFactory(lambda: session, serializer=serializer)
        if url.scheme == "unix":
            _, protocol = await loop.create_unix_connection(factory, url.path)
        else:
            _, protocol = await loop.create_connection(factory, url.hostname, url.port)
        return protocol


class Visit:
    """The sessions of one check."""

    def __init__(self, way):
        self.way = way
        self.sessions = []

    async def join(self, authid=None, realm="realm1", serializer=None, **options):
        session = Visitor(realm, authid)
        session.protocol = await self.way.connect(session, serializer, **options)
        self.sessions.append(session)
        session.details = await asyncio.wait_for(session.joined, PATIENCE)
        return session

    async def end(self):
        for session in self.sessions:
            if session.is_attached():
                session.leave()
        for session in self.sessions:
            await asyncio.wait_for(session.closed, PATIENCE)
