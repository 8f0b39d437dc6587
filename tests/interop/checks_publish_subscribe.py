"""Checks of publishing and subscribing."""

from answers import error_of
from autobahn.wamp.cryptobox import KeyRing
from autobahn.wamp.types import PublishOptions, SubscribeOptions
from visitor import Heard

CHECKS = []
ACKNOWLEDGE = PublishOptions(acknowledge=True)
DETAILS = SubscribeOptions(details=True)


def check(function):
    CHECKS.append(function)
    return function


@check
async def an_event_has_its_details(visit):
    publisher, subscriber = await visit.join("ann"), await visit.join()
    heard = Heard()
    subscription = await subscriber.subscribe(heard, "com.example.topic", options=DETAILS)
    publication = await publisher.publish("com.example.topic", 1, "two", three=3, options=ACKNOWLEDGE)
    args, kwargs, details = await heard.next()
    assert (args, kwargs) == ((1, "two"), {"three": 3}), (args, kwargs)
    assert details.publication == publication.id and details.topic == "com.example.topic", details
    assert details.subscription.id == subscription.id and not details.retained, details


@check
async def nothing_is_acknowledged_that_was_not_asked(visit):
    publisher, subscriber = await visit.join(), await visit.join()
    await subscriber.subscribe(heard := Heard(), "com.example.topic")
    assert publisher.publish("com.example.topic", 1) is None
    publisher.publish("com.example.topic")
    assert await heard.first() == 1
    assert (await heard.next())[0] == ()


@check
async def a_publication_that_cannot_be_is_refused(visit):
    session = await visit.join()
    # Unacknowledged it is dropped without a word, and the session lives on.
    session.publish("wamp.not.yours", 1)
    error = await error_of(session.publish("wamp.not.yours", 1, options=ACKNOWLEDGE))
    assert error.error == "wamp.error.invalid_uri" and error.args[0], error


@check
async def patterns_match(visit):
    publisher, subscriber = await visit.join(), await visit.join()
    prefix, wildcard = Heard(), Heard()
    for heard, pattern, match in [(prefix, "com.example.", "prefix"), (wildcard, "com..topic", "wildcard")]:
        await subscriber.subscribe(heard, pattern, options=SubscribeOptions(match=match, details=True))
    for topic in ["com.example.topic", "com.other.topic", "com.example.topic.more", "com.other.end", "com.example.end"]:
        await publisher.publish(topic, topic, options=ACKNOWLEDGE)
    for heard, topics in [
        (prefix, ["com.example.topic", "com.example.topic.more", "com.example.end"]),
        (wildcard, ["com.example.topic", "com.other.topic"]),
    ]:
        for topic in topics:
            args, _, details = await heard.next()
            assert (args[0], details.topic) == (topic, topic), (args, details)
    assert prefix.queue.empty() and wildcard.queue.empty()


@check
async def two_handlers_share_a_subscription(visit):
    publisher, subscriber = await visit.join(), await visit.join()
    one, other = Heard(), Heard()
    first = await subscriber.subscribe(one, "com.example.topic")
    second = await subscriber.subscribe(other, "com.example.topic")
    assert first.id == second.id
    await publisher.publish("com.example.topic", 1, options=ACKNOWLEDGE)
    assert (await one.first(), await other.first()) == (1, 1)
    await first.unsubscribe()
    await publisher.publish("com.example.topic", 2, options=ACKNOWLEDGE)
    assert await other.first() == 2 and one.queue.empty()
    await second.unsubscribe()
    await subscriber.subscribe(last := Heard(), "com.example.topic")
    await publisher.publish("com.example.topic", 3, options=ACKNOWLEDGE)
    assert await last.first() == 3 and other.queue.empty()


@check
async def publishers_are_left_out_unless_they_ask(visit):
    session = await visit.join()
    exact, pattern = Heard(), Heard()
    await session.subscribe(exact, "com.example.topic")
    await session.subscribe(pattern, "com.example.", options=SubscribeOptions(match="prefix"))
    for value, exclude_me in [(1, None), (2, True), (3, False)]:
        await session.publish(
            "com.example.topic", value, options=PublishOptions(acknowledge=True, exclude_me=exclude_me)
        )
    assert (await exact.first(), await pattern.first()) == (3, 3)


@check
async def lists_say_who_hears_it(visit):
    publisher = await visit.join()
    ann, joe, kim, guest = [await visit.join(name) for name in ["ann", "joe", "kim", None]]
    everybody = {"ann": ann, "joe": joe, "kim": kim, "guest": guest}
    heard = {name: Heard() for name in everybody}
    for name, session in everybody.items():
        await session.subscribe(heard[name], "com.example.topic")
    ids = {name: session.details.session for name, session in everybody.items()}
    for options, expected in [
        ({"exclude": [ids["ann"], ids["guest"]]}, "joe kim"),
        ({"exclude": ids["joe"]}, "ann kim guest"),
        ({"exclude_authid": ["kim"]}, "ann joe guest"),
        ({"exclude_authrole": ["backend"]}, "ann guest"),
        ({"eligible": [ids["ann"], ids["kim"]]}, "ann kim"),
        ({"eligible_authid": ["joe", "ann"]}, "ann joe"),
        ({"eligible_authrole": "backend"}, "joe kim"),
        ({"eligible_authrole": ["backend", "guest"], "exclude_authid": "joe"}, "kim guest"),
        ({"eligible": [ids["ann"]], "eligible_authrole": ["backend"]}, ""),
        ({"eligible": []}, ""),
    ]:
        await publisher.publish("com.example.topic", 1, options=PublishOptions(acknowledge=True, **options))
        await publisher.publish("com.example.topic", "end", options=ACKNOWLEDGE)
        found = [name for name in everybody if await heard[name].until("end") == [1]]
        assert found == expected.split(), (options, found)


@check
async def retained_events_come_to_who_asks(visit):
    publisher = await visit.join()
    topic = f"com.example.retained.{publisher.details.session}"
    retain = PublishOptions(acknowledge=True, retain=True)
    await publisher.publish(topic, 1, options=retain)
    publication = await publisher.publish(topic, 2, options=retain)
    await publisher.publish(topic, 3, options=ACKNOWLEDGE)
    for pattern, match in [(topic, None), (topic[:-1], "prefix"), ("com..retained." + topic.split(".")[-1], "wildcard")]:
        subscriber = await visit.join()
        options = SubscribeOptions(match=match, details=True, get_retained=True)
        await subscriber.subscribe(heard := Heard(), pattern, options=options)
        args, _, details = await heard.next()
        assert args == (2,) and details.retained is True and details.publication == publication.id, (args, details)
        # Who does not ask gets what is published from now on.
        other = await visit.join()
        await other.subscribe(fresh := Heard(), pattern, options=SubscribeOptions(match=match))
        await publisher.publish(topic, 4, options=ACKNOWLEDGE)
        args, _, details = await heard.next()
        assert args == (4,) and not details.retained, (args, details)
        assert await fresh.first() == 4


@check
async def publishers_are_made_known_where_the_realm_says_so(visit):
    for realm, known in [("realm1", True), ("discreet", False)]:
        publisher, subscriber = await visit.join("ann", realm=realm), await visit.join(realm=realm)
        await subscriber.subscribe(heard := Heard(), "com.example.topic", options=DETAILS)
        await publisher.publish("com.example.topic", options=ACKNOWLEDGE)
        _, _, details = await heard.next()
        found = (details.publisher, details.publisher_authid, details.publisher_authrole)
        expected = (publisher.details.session, "ann", "frontend") if known else (None, None, None)
        assert found == expected, (realm, found)


@check
async def events_keep_their_order(visit):
    publisher, subscriber = await visit.join(), await visit.join()
    heard = Heard()
    for topic in ["com.example.even", "com.example.odd"]:
        await subscriber.subscribe(heard, topic)
    for number in range(300):
        publisher.publish("com.example.odd" if number % 2 else "com.example.even", number)
    assert [await heard.first() for _ in range(300)] == list(range(300))


@check
async def encrypted_events_are_passed_through(visit):
    keys = KeyRing()
    keys.set_key("com.example.secret.", keys.generate_key()[0])
    publisher = await visit.join()
    publisher.set_payload_codec(keys)
    for serializer in ["json", "msgpack", "cbor"]:
        subscriber, stranger = await visit.join(serializer=serializer), await visit.join(serializer=serializer)
        subscriber.set_payload_codec(keys)
        heard, unread = Heard(), Heard()
        for session, handler in [(subscriber, heard), (stranger, unread)]:
            await session.subscribe(handler, "com.example.", options=SubscribeOptions(match="prefix", details=True))
        await publisher.publish("com.example.secret.topic", 1, two=[2], options=ACKNOWLEDGE)
        await publisher.publish("com.example.plain", "end", options=ACKNOWLEDGE)
        args, kwargs, details = await heard.next()
        assert (args, kwargs, details.enc_algo) == ((1,), {"two": [2]}, "cryptobox"), (args, kwargs, details)
        # Who has no key cannot read it, and goes on.
        assert await unread.until("end") == []
