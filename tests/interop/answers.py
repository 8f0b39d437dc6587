"""What is waited for, and for how long."""

import asyncio

from autobahn.wamp.exception import ApplicationError

# Longer than anything takes, for what must not happen never is waited for.
PATIENCE = 20


async def error_of(future):
    """The error that an answer is: its `error` is the URI, its `args` and `kwargs` say more."""
    try:
        result = await asyncio.wait_for(future, PATIENCE)
    except ApplicationError as error:
        return error
    raise AssertionError(f"no error: {result!r}")
