"""Checks of registering and calling."""

import asyncio

from answers import PATIENCE, error_of
from autobahn.wamp.cryptobox import KeyRing
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions, CallResult, RegisterOptions
from visitor import Heard

CHECKS = []
PROCEDURE = "com.example.procedure"


def check(function):
    CHECKS.append(function)
    return function


@check
async def a_call_has_its_details_and_result(visit):
    caller, callee = await visit.join("ann"), await visit.join()

    def answer(*args, details, **kwargs):
        return CallResult(*args, procedure=details.procedure, caller=details.caller, **kwargs)

    await callee.register(answer, PROCEDURE, options=RegisterOptions(details=True))
    result = await caller.call(PROCEDURE, 1, "two", three=3)
    assert result.results == (1, "two"), result
    expected = {"procedure": PROCEDURE, "caller": caller.details.session, "three": 3}
    assert result.kwresults == expected, result
    # Nothing at all, and nothing but keywords.
    await callee.register(lambda: None, "com.example.nothing")
    assert await caller.call("com.example.nothing") is None
    await callee.register(lambda **kwargs: CallResult(**kwargs), "com.example.keywords")
    assert (await caller.call("com.example.keywords", key=[1])).kwresults == {"key": [1]}


@check
async def callers_are_made_known_where_the_realm_says_so(visit):
    for realm, known in [("realm1", True), ("discreet", False)]:
        caller, callee = await visit.join("ann", realm=realm), await visit.join(realm=realm)
        await callee.register(
            lambda details: [details.caller, details.caller_authid, details.caller_authrole],
            PROCEDURE,
            options=RegisterOptions(details=True),
        )
        found = await caller.call(PROCEDURE)
        assert found == ([caller.details.session, "ann", "frontend"] if known else [None] * 3), (realm, found)


@check
async def errors_are_told(visit):
    caller, callee = await visit.join(), await visit.join()

    def fail(kind):
        if kind == "own":
            raise ApplicationError("com.example.failed", 1, "two", three=[3])
        raise ValueError("it broke")

    await callee.register(fail, PROCEDURE)
    error = await error_of(caller.call(PROCEDURE, "own"))
    assert (error.error, error.args, error.kwargs) == ("com.example.failed", (1, "two"), {"three": [3]}), error
    error = await error_of(caller.call(PROCEDURE, "other"))
    assert error.error == "wamp.error.runtime_error" and "it broke" in error.args[0], error
    error = await error_of(caller.call("com.example.nobody"))
    assert error.error == "wamp.error.no_such_procedure", error
    error = await error_of(caller.register(fail, PROCEDURE))
    assert error.error == "wamp.error.procedure_already_exists", error
    error = await error_of(caller.register(fail, "wamp.not.yours"))
    assert error.error == "wamp.error.invalid_uri", error


@check
async def what_is_unregistered_is_called_no_more(visit):
    caller, callee = await visit.join(), await visit.join()
    registration = await callee.register(lambda: 1, PROCEDURE)
    assert await caller.call(PROCEDURE) == 1
    await registration.unregister()
    assert (await error_of(caller.call(PROCEDURE))).error == "wamp.error.no_such_procedure"
    await callee.register(lambda: 2, PROCEDURE)
    assert await caller.call(PROCEDURE) == 2


@check
async def policies_choose_the_callee(visit):
    caller = await visit.join()
    for invoke, calls, expected in [
        ("first", 3, {(0, 0, 0)}),
        ("last", 3, {(2, 2, 2)}),
        ("roundrobin", 6, {(0, 1, 2, 0, 1, 2)}),
    ]:
        callees = [await visit.join() for _ in range(3)]
        procedure = f"com.example.shared.{invoke}"
        for number, callee in enumerate(callees):
            await callee.register(lambda number=number: number, procedure, options=RegisterOptions(invoke=invoke))
        found = tuple([await caller.call(procedure) for _ in range(calls)])
        assert found in expected, (invoke, found)
    callees = [await visit.join() for _ in range(2)]
    for number, callee in enumerate(callees):
        await callee.register(lambda number=number: number, PROCEDURE, options=RegisterOptions(invoke="random"))
    # One in 2^59 that it is all the same.
    assert {await caller.call(PROCEDURE) for _ in range(60)} == {0, 1}
    error = await error_of(caller.register(lambda: 2, PROCEDURE, options=RegisterOptions(invoke="first")))
    assert error.error == "wamp.error.procedure_already_exists", error
    # Who leaves is asked no more.
    callees[0].leave()
    await callees[0].closed
    assert {await caller.call(PROCEDURE) for _ in range(20)} == {1}


@check
async def patterns_are_registered(visit):
    caller, callee = await visit.join(), await visit.join()
    for pattern, match in [
        ("com.example.pattern", "exact"),
        ("com.example.pattern", "prefix"),
        ("com.example.pattern.of", "prefix"),
        ("com..other", "wildcard"),
        ("com..other.end", "wildcard"),
    ]:
        await callee.register(
            lambda details, name=f"{match} {pattern}": [name, details.procedure],
            pattern,
            options=RegisterOptions(match=match, details=True),
        )
    for procedure, expected in [
        ("com.example.pattern", "exact com.example.pattern"),
        ("com.example.patterns", "prefix com.example.pattern"),
        ("com.example.pattern.of.it", "prefix com.example.pattern.of"),
        ("com.example.other", "wildcard com..other"),
        ("com.example.other.end", "wildcard com..other.end"),
    ]:
        found = await caller.call(procedure)
        assert found == [expected, procedure], found
    assert (await error_of(caller.call("com.example.else"))).error == "wamp.error.no_such_procedure"


@check
async def a_registration_is_taken_over_by_force(visit):
    caller, old, new = await visit.join(), await visit.join(), await visit.join()
    force = RegisterOptions(force_reregister=True)
    await old.register(lambda: "old", PROCEDURE, options=force)
    assert await caller.call(PROCEDURE) == "old"
    assert (await error_of(new.register(lambda: "new", PROCEDURE))).error == "wamp.error.procedure_already_exists"
    await new.register(lambda: "new", PROCEDURE, options=force)
    assert await caller.call(PROCEDURE) == "new"
    # Who lost it goes on, and may take it back.
    await old.register(lambda: "old again", PROCEDURE, options=force)
    assert await caller.call(PROCEDURE) == "old again"


@check
async def results_come_in_pieces_to_who_asks(visit):
    caller, callee = await visit.join(), await visit.join()

    async def count(to, details):
        for number in range(to):
            if details.progress:
                details.progress(number, square=number * number)
        return "end" if details.progress else "nothing else"

    await callee.register(count, PROCEDURE, options=RegisterOptions(details=True))
    pieces = Heard()
    assert await caller.call(PROCEDURE, 20, options=CallOptions(on_progress=pieces)) == "end"
    for number in range(20):
        args, kwargs, _ = await pieces.next()
        assert (args, kwargs) == ((number,), {"square": number * number}), (args, kwargs)
    assert pieces.queue.empty()
    assert await caller.call(PROCEDURE, 20) == "nothing else"


def sleeper():
    """A procedure that goes on until it is canceled, and what is heard of it."""
    started, canceled = Heard(), Heard()

    async def sleep():
        started(1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            canceled(1)
            raise

    return sleep, started, canceled


@check
async def a_call_is_canceled(visit):
    caller, callee = await visit.join(), await visit.join()
    procedure, started, canceled = sleeper()
    await callee.register(procedure, PROCEDURE)
    call = caller.call(PROCEDURE)
    await started.first()
    call.cancel()
    await canceled.first()
    # Both go on: the answer that comes too late harms nobody.
    await callee.register(lambda: 1, "com.example.other")
    assert await caller.call("com.example.other") == 1
    assert caller.is_attached() and callee.is_attached()


@check
async def a_caller_that_leaves_cancels_its_calls(visit):
    for leave in ["leave", "drop"]:
        caller, callee = await visit.join(), await visit.join()
        procedure, started, canceled = sleeper()
        registration = await callee.register(procedure, PROCEDURE)
        call = caller.call(PROCEDURE)
        await started.first()
        getattr(caller, leave)()
        await canceled.first()
        try:
            await asyncio.wait_for(call, PATIENCE)
        except Exception:
            pass
        else:
            raise AssertionError("it has a result")
        await registration.unregister()


@check
async def a_callee_that_leaves_fails_its_calls(visit):
    for leave in ["leave", "drop"]:
        caller, callee = await visit.join(), await visit.join()
        procedure, started, _ = sleeper()
        await callee.register(procedure, PROCEDURE)
        call = caller.call(PROCEDURE)
        await started.first()
        getattr(callee, leave)()
        assert (await error_of(call)).error == "wamp.error.canceled"


@check
async def a_timeout_is_in_milliseconds(visit):
    caller, callee = await visit.join(), await visit.join()
    procedure, started, canceled = sleeper()
    await callee.register(procedure, PROCEDURE)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    # Autobahn's documentation says seconds, and sends the number as it is.
    error = await error_of(caller.call(PROCEDURE, options=CallOptions(timeout=150)))
    took = loop.time() - begin
    assert error.error == "wamp.error.timeout" and 0.14 < took < 15, (error, took)
    await canceled.first()
    # What answers in time is not touched.
    await callee.register(lambda: 1, "com.example.quick")
    assert await caller.call("com.example.quick", options=CallOptions(timeout=60_000)) == 1


@check
async def encrypted_calls_are_passed_through(visit):
    keys = KeyRing()
    keys.set_key("com.example.secret.", keys.generate_key()[0])
    caller = await visit.join()
    caller.set_payload_codec(keys)

    async def answer(*args, details, **kwargs):
        if args == ("fail",):
            raise ApplicationError("com.example.secret.failed", "why")
        if details.progress:
            details.progress("piece")
        return [details.enc_algo, *args, kwargs]

    for serializer in ["json", "msgpack", "cbor"]:
        callee = await visit.join(serializer=serializer)
        callee.set_payload_codec(keys)
        procedure = f"com.example.secret.{serializer}"
        await callee.register(answer, procedure, options=RegisterOptions(details=True))
        assert await caller.call(procedure, 1, two=[2]) == ["cryptobox", 1, {"two": [2]}]
        pieces = Heard()
        assert await caller.call(procedure, options=CallOptions(on_progress=pieces)) == ["cryptobox", {}]
        assert await pieces.first() == "piece"
        error = await error_of(caller.call(procedure, "fail"))
        assert error.error == "com.example.secret.failed", error
        # What has no key travels as ever.
        await callee.register(answer, f"com.example.plain.{serializer}", options=RegisterOptions(details=True))
        assert await caller.call(f"com.example.plain.{serializer}", 1) == [None, 1, {}]
    # Who has no key says so.
    stranger = await visit.join()
    await stranger.register(lambda: 1, "com.example.secret.stranger")
    error = await error_of(caller.call("com.example.secret.stranger"))
    assert error.error == ApplicationError.ENC_NO_PAYLOAD_CODEC, error
