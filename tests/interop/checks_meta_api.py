"""Checks of the meta API: sessions, registrations, subscriptions, testaments, revocation, history."""

import asyncio

from answers import PATIENCE, error_of
from autobahn.wamp.types import PublishOptions, RegisterOptions, SubscribeOptions
from visitor import Heard

CHECKS = []
ACKNOWLEDGE = PublishOptions(acknowledge=True)


def check(function):
    CHECKS.append(function)
    return function


@check
async def sessions_are_counted_listed_and_described(visit):
    watcher, ann, joe = await visit.join(), await visit.join("ann"), await visit.join("joe")
    ids = {session.details.session for session in (watcher, ann, joe)}
    assert ids <= set(await watcher.call("wamp.session.list"))
    assert await watcher.call("wamp.session.count") >= 3
    assert await watcher.call("wamp.session.list", ["frontend"]) == [ann.details.session]
    assert await watcher.call("wamp.session.count", ["frontend", "backend"]) == 2
    found = await watcher.call("wamp.session.get", joe.details.session)
    known = {key: found[key] for key in ("session", "authid", "authrole", "authmethod")}
    expected = {"session": joe.details.session, "authid": "joe", "authrole": "backend", "authmethod": "ticket"}
    assert known == expected, found
    assert (await error_of(watcher.call("wamp.session.get", 1))).error == "wamp.error.no_such_session"


@check
async def sessions_that_come_and_go_are_told(visit):
    watcher = await visit.join()
    joins, leaves = Heard(), Heard()
    await watcher.subscribe(joins, "wamp.session.on_join")
    await watcher.subscribe(leaves, "wamp.session.on_leave")
    ann = await visit.join("ann")
    joined = await joins.first()
    assert (joined["session"], joined["authid"], joined["authrole"]) == (ann.details.session, "ann", "frontend"), joined
    ann.leave()
    args, _, _ = await leaves.next()
    assert args == (ann.details.session, "ann", "frontend"), args


@check
async def sessions_are_killed(visit):
    killer = await visit.join()

    async def ended(session):
        details = await asyncio.wait_for(session.left, PATIENCE)
        await asyncio.wait_for(session.closed, PATIENCE)
        return details.reason

    victim = await visit.join("ann")
    await killer.call("wamp.session.kill", victim.details.session, reason="com.example.enough", message="go")
    assert await ended(victim) == "com.example.enough" and victim.left.result().message == "go"
    victim = await visit.join("ann")
    await killer.call("wamp.session.kill", victim.details.session)
    assert await ended(victim) == "wamp.close.killed"
    victims = [await visit.join("joe"), await visit.join("joe")]
    killed = await killer.call("wamp.session.kill_by_authid", "joe")
    assert sorted(killed) == sorted(victim.details.session for victim in victims), killed
    assert [await ended(victim) for victim in victims] == ["wamp.close.killed"] * 2
    victims = [await visit.join("joe"), await visit.join("kim")]
    assert await killer.call("wamp.session.kill_by_authrole", "backend") == 2
    assert [await ended(victim) for victim in victims] == ["wamp.close.killed"] * 2
    # Nobody kills itself.
    error = await error_of(killer.call("wamp.session.kill", killer.details.session))
    assert error.error == "wamp.error.no_such_session", error
    # Only Autobahn is in this realm, so nobody else is hit.
    other = await visit.join("ann", realm="discreet")
    killer = await visit.join(realm="discreet")
    assert await killer.call("wamp.session.kill_all") == 1
    assert await ended(other) == "wamp.close.killed" and killer.is_attached()


@check
async def registrations_are_told_and_described(visit):
    watcher, one, two = await visit.join(), await visit.join(), await visit.join()
    heard = Heard()
    for event in ["on_create", "on_register", "on_unregister", "on_delete"]:
        uri = f"wamp.registration.{event}"
        await watcher.subscribe(lambda *args, event=event: heard((event, *args)), uri)
    options = RegisterOptions(match="prefix", invoke="roundrobin")
    first = await one.register(lambda: 1, "com.example.meta", options=options)
    second = await two.register(lambda: 2, "com.example.meta", options=options)
    assert first.id == second.id
    ids = [session.details.session for session in (one, two)]
    event, session, facts = await heard.first()
    assert (event, session, facts["id"]) == ("on_create", ids[0], first.id), (event, session, facts)
    for session in ids:
        assert await heard.first() == ("on_register", session, first.id)

    found = await watcher.call("wamp.registration.get", first.id)
    created = found.pop("created")
    expected = {"id": first.id, "uri": "com.example.meta", "match": "prefix", "invoke": "roundrobin"}
    assert found == expected and created == facts["created"], (found, created)
    assert first.id in (await watcher.call("wamp.registration.list"))["prefix"]
    assert await watcher.call("wamp.registration.lookup", "com.example.meta", {"match": "prefix"}) == first.id
    assert await watcher.call("wamp.registration.lookup", "com.example.meta") is None
    assert await watcher.call("wamp.registration.match", "com.example.metal") == first.id
    assert await watcher.call("wamp.registration.list_callees", first.id) == ids
    assert await watcher.call("wamp.registration.count_callees", first.id) == 2

    await first.unregister()
    assert await heard.first() == ("on_unregister", ids[0], first.id)
    two.leave()
    assert await heard.first() == ("on_unregister", ids[1], first.id)
    assert await heard.first() == ("on_delete", ids[1], first.id)
    for procedure in ["get", "list_callees", "count_callees"]:
        found = (await error_of(watcher.call(f"wamp.registration.{procedure}", first.id))).error
        assert found == "wamp.error.no_such_registration", found


@check
async def subscriptions_are_told_and_described(visit):
    watcher, one, two = await visit.join(), await visit.join(), await visit.join()
    heard = Heard()
    ids = [session.details.session for session in (one, two)]

    def tell(event):
        def listen(session, *args):
            # Not of its own subscriptions to these very events.
            if session in ids:
                heard((event, session, *args))

        return listen

    for event in ["on_create", "on_subscribe", "on_unsubscribe", "on_delete"]:
        await watcher.subscribe(tell(event), f"wamp.subscription.{event}")
    options = SubscribeOptions(match="wildcard")
    first = await one.subscribe(lambda: None, "com.example..meta", options=options)
    second = await two.subscribe(lambda: None, "com.example..meta", options=options)
    assert first.id == second.id
    event, session, facts = await heard.first()
    assert (event, session, facts["id"]) == ("on_create", ids[0], first.id), (event, session, facts)
    for session in ids:
        assert await heard.first() == ("on_subscribe", session, first.id)

    found = await watcher.call("wamp.subscription.get", first.id)
    created = found.pop("created")
    expected = {"id": first.id, "uri": "com.example..meta", "match": "wildcard"}
    assert found == expected and created == facts["created"], (found, created)
    assert first.id in (await watcher.call("wamp.subscription.list"))["wildcard"]
    assert await watcher.call("wamp.subscription.lookup", "com.example..meta", {"match": "wildcard"}) == first.id
    assert await watcher.call("wamp.subscription.match", "com.example.the.meta") == [first.id]
    assert await watcher.call("wamp.subscription.match", "com.example.nobody") is None
    assert sorted(await watcher.call("wamp.subscription.list_subscribers", first.id)) == sorted(ids)
    assert await watcher.call("wamp.subscription.count_subscribers", first.id) == 2

    await first.unsubscribe()
    assert await heard.first() == ("on_unsubscribe", ids[0], first.id)
    two.drop()
    assert await heard.first() == ("on_unsubscribe", ids[1], first.id)
    assert await heard.first() == ("on_delete", ids[1], first.id)
    found = (await error_of(watcher.call("wamp.subscription.get", first.id))).error
    assert found == "wamp.error.no_such_subscription", found


@check
async def testaments_are_published(visit):
    watcher = await visit.join()
    await watcher.subscribe(heard := Heard(), "com.example.testament")
    for end in ["drop", "leave"]:
        session = await visit.join()
        add = "wamp.session.add_testament"
        await session.call(add, "com.example.testament", [end, "destroyed"], {"key": 1})
        await session.call(add, "com.example.testament", [end, "detached"], {}, scope="detached")
        nobody = {"eligible": [session.details.session]}
        await session.call(add, "com.example.testament", ["for nobody"], {}, publish_options=nobody)
        getattr(session, end)()
        assert (await heard.next())[:2] == ((end, "detached"), {})
        assert (await heard.next())[:2] == ((end, "destroyed"), {"key": 1})
    session = await visit.join()
    await session.call("wamp.session.add_testament", "com.example.testament", ["flushed"], {})
    await session.call("wamp.session.flush_testaments")
    session.drop()
    await asyncio.wait_for(session.closed, PATIENCE)
    # The next thing that is heard is not the testament of a session that has left.
    await watcher.subscribe(leaves := Heard(), "wamp.session.on_leave")
    while session.details.session in await watcher.call("wamp.session.list"):
        await leaves.next()
    await watcher.publish("com.example.testament", "end", options=PublishOptions(acknowledge=True, exclude_me=False))
    assert await heard.until("end") == []


@check
async def a_registration_is_revoked(visit):
    admin, callee = await visit.join(), await visit.join()
    registration = await callee.register(lambda: 1, "com.example.revoked")
    assert await admin.call("com.example.revoked") == 1
    await admin.call("wamp.registration.remove_callee", registration.id, callee.details.session)
    assert (await error_of(admin.call("com.example.revoked"))).error == "wamp.error.no_such_procedure"
    # The callee was told and goes on.
    await callee.register(lambda: 2, "com.example.revoked")
    assert await admin.call("com.example.revoked") == 2


@check
async def past_events_are_told(visit):
    publisher, subscriber = await visit.join("ann"), await visit.join()
    topic = f"com.example.history.{publisher.details.session}"
    subscription = await subscriber.subscribe(Heard(), topic)
    publications = [
        (await publisher.publish(topic, number, key=[number], options=ACKNOWLEDGE)).id for number in range(5)
    ]

    async def events(**filters):
        found = await subscriber.call("wamp.subscription.get_events", subscription.id, **filters)
        return [] if found is None else found

    found = await events()
    assert [event["publication"] for event in found] == publications, found
    assert [(event["args"], event["kwargs"]) for event in found] == [([n], {"key": [n]}) for n in range(5)], found
    assert all(event["timestamp"] and event["subscription"] == subscription.id for event in found), found
    for filters, expected in [
        ({"limit": 2}, publications[:2]),
        ({"reverse": True, "limit": 2}, publications[:2:-1]),
        ({"from_publication": publications[3]}, publications[3:]),
        ({"after_publication": publications[3]}, publications[4:]),
        ({"before_publication": publications[1]}, publications[:1]),
        ({"until_publication": publications[1]}, publications[:2]),
        ({"until_time": "2001-01-01T00:00:00Z"}, []),
    ]:
        found = [event["publication"] for event in await events(**filters)]
        assert found == expected, (filters, found, expected)
    found = (await error_of(subscriber.call("wamp.subscription.get_events", 2**52))).error
    assert found == "wamp.error.no_such_subscription", found
