"""Checks of joining, leaving, losing the connection, and of what the transports carry."""

import asyncio

from answers import PATIENCE, error_of
from autobahn.asyncio.component import Component
from autobahn.websocket.compress import PerMessageDeflateOffer
from autobahn.wamp.types import PublishOptions
from visitor import Heard, Visitor

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


@check
async def joins_in_the_serializer_that_was_asked_for(visit):
    details = (await visit.join("ann")).details
    assert details.serializer == visit.way.serializer, details
    assert details.realm == "realm1" and 1 <= details.session <= 2**53, details
    assert (details.authid, details.authrole, details.authmethod) == ("ann", "frontend", "ticket"), details
    details = (await visit.join()).details
    assert (details.authrole, details.authmethod) == ("guest", "anonymous") and details.authid, details


@check
async def every_feature_that_it_knows_is_announced(visit):
    session = await visit.join()
    broker, dealer = session._router_roles["broker"], session._router_roles["dealer"]
    # Not in the specification: its own ways of passing payloads through, and acknowledged delivery.
    own = {"payload_transparency", "payload_encryption_cryptobox", "x_acknowledged_event_delivery"}
    for role in (broker, dealer):
        known = {name for name in vars(role) if not name.startswith("_") and name != "ROLE"}
        missing = {name for name in known - own if getattr(role, name) is not True}
        assert not missing, (role.ROLE, missing)


@check
async def a_realm_that_is_not_there_is_refused(visit):
    session = Visitor("nowhere", None)
    await visit.way.connect(session)
    try:
        await asyncio.wait_for(session.joined, PATIENCE)
    except RuntimeError as error:
        assert "wamp.error.no_such_realm" in str(error), error
    else:
        raise AssertionError("it joined")


@check
async def goodbye_is_answered(visit):
    session = await visit.join()
    session.leave("com.example.bored")
    details = await asyncio.wait_for(session.left, PATIENCE)
    assert details.reason == "wamp.close.goodbye_and_out", details
    await asyncio.wait_for(session.closed, PATIENCE)


@check
async def whoever_drops_the_connection_has_left(visit):
    watcher, session = await visit.join(), await visit.join()
    leaves = Heard()
    await watcher.subscribe(leaves, "wamp.session.on_leave")
    session.drop()
    args, _, _ = await leaves.next()
    assert args[0] == session.details.session, args


@check
async def a_component_reconnects(visit):
    way = visit.way
    serializer = way.serializer.removesuffix(".batched")
    if way.is_websocket:
        transport = {"type": "websocket", "url": way.url, "serializers": [serializer]}
    elif way.url.startswith("unix:"):
        endpoint = {"type": "unix", "path": way.url.removeprefix("unix://")}
        transport = {"type": "rawsocket", "endpoint": endpoint, "serializer": serializer}
    else:
        transport = {"type": "rawsocket", "url": way.url, "serializer": serializer}
    transport.update(initial_retry_delay=0.05, max_retries=5)
    component = Component(transports=[transport], realm="realm1")
    joins, leaves = asyncio.Queue(), asyncio.Queue()

    @component.on_join
    async def joined(session, details):
        joins.put_nowait((session, details.session))

    @component.on_leave
    async def left(session, details):
        leaves.put_nowait(details.reason)

    component.start(asyncio.get_running_loop())
    session, first = await asyncio.wait_for(joins.get(), PATIENCE)
    session._transport.abort()
    session, second = await asyncio.wait_for(joins.get(), PATIENCE)
    assert first != second
    watcher = await visit.join()
    await watcher.call("wamp.session.get", second)
    error = await error_of(watcher.call("wamp.session.get", first))
    assert error.error == "wamp.error.no_such_session", error
    while not leaves.empty():
        leaves.get_nowait()
    component.stop()
    # What `start` gave is not done after this over RawSocket: Autobahn forgets it.
    assert await asyncio.wait_for(leaves.get(), PATIENCE) == "wamp.close.goodbye_and_out"


VALUES = [
    None,
    True,
    False,
    0,
    -1,
    23,
    -(2**31),
    2**53,
    -(2**53),
    2**63 - 1,
    1.5,
    -2.25e100,
    "",
    "gr\u00fc\u00df \u2603 \U0001f3e0 \u0000 in the middle \"quoted\" \\",
    b"",
    bytes(range(256)),
    [],
    [[], [[1, [2.5, "three", None, b"\x00\xff"]]]],
    {},
    {"a": {"b": [{"c": None}, b"deep \x80"]}, "": "a key of no length", "\u00fc": True},
]


@check
async def values_arrive_as_they_were_sent(visit):
    caller, callee = await visit.join(), await visit.join()
    await callee.register(lambda value: value, "com.example.echo")
    for value in VALUES:
        found = await caller.call("com.example.echo", value)
        assert (found, type(found)) == (value, type(value)), (value, found)
    found = await caller.call("com.example.echo", VALUES)
    assert found == VALUES, found


@check
async def values_cross_to_every_serializer_and_back(visit):
    caller = await visit.join()
    for serializer in ["json", "msgpack", "cbor"]:
        callee = await visit.join(serializer=serializer)
        procedure = f"com.example.echo.{serializer}"
        await callee.register(lambda *args, **kwargs: [list(args), kwargs], procedure)
        found = await caller.call(procedure, *VALUES, some=VALUES)
        assert found == [VALUES, {"some": VALUES}], (serializer, found)


@check
async def a_large_message_passes(visit):
    caller, callee = await visit.join(), await visit.join()
    await callee.register(lambda value: value, "com.example.echo")
    for value in ["\u00e4" * 200_000, bytes(range(256)) * 2_000]:
        assert await caller.call("com.example.echo", value) == value


@check
async def many_requests_are_open_at_once(visit):
    caller, callee = await visit.join(), await visit.join()
    asked = []
    everybody = asyncio.Event()

    async def add(left, right):
        asked.append(left)
        if len(asked) == 100:
            everybody.set()
        await everybody.wait()
        return left + right

    await callee.register(add, "com.example.add")
    sums = await asyncio.gather(*(caller.call("com.example.add", n, 1000) for n in range(100)))
    assert sums == [n + 1000 for n in range(100)], sums
    assert asked == list(range(100)), "out of order"


@check
async def websocket_options_are_taken(visit):
    if not visit.way.is_websocket:
        return
    # Fragments, compression that nobody takes up, and pings that end the connection unless answered.
    session = await visit.join(
        autoFragmentSize=64,
        perMessageCompressionOffers=[PerMessageDeflateOffer()],
        autoPingInterval=0.05,
        autoPingTimeout=PATIENCE,
    )
    pong, answered = Heard(), session.protocol.onPong
    session.protocol.onPong = lambda payload: (pong(payload), answered(payload))
    await session.subscribe(heard := Heard(), "com.example.topic")
    text = "all in pieces " * 100
    await session.publish("com.example.topic", text, options=PublishOptions(acknowledge=True, exclude_me=False))
    assert await heard.first() == text
    session.protocol.sendPing(b"are you there?")
    while await pong.first() != b"are you there?":
        pass


@check
async def options_of_its_own_do_no_harm(visit):
    session = await visit.join()
    await session.subscribe(heard := Heard(), "com.example.topic")
    options = PublishOptions(
        acknowledge=True,
        exclude_me=False,
        transaction_hash="0x01",
        forward_for=[{"session": 1, "authid": "far", "authrole": "away"}],
    )
    await session.publish("com.example.topic", 1, options=options)
    assert await heard.first() == 1
