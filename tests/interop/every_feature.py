"""Every feature that Autobahn|Python has, tried against a router; one line of JSON for each check.

Usage: every_feature.py URL SERIALIZER [NAME...]. URL is ws://HOST:PORT/ws, rs://HOST:PORT or unix:///PATH,
SERIALIZER json, msgpack or cbor, over WebSocket with .batched as well. With NAMEs only the checks
whose names contain one of them. The realms and users are those of tests/flows/interop.rs. Exits 0 when
every check was passed.
"""

import asyncio
import json
import logging
import sys
import traceback

import txaio

# Before any other part of Autobahn is loaded, for they keep the functions of what is chosen.
txaio.use_asyncio()

import checks_calls
import checks_meta_api
import checks_publish_subscribe
import checks_sessions
from visitor import Visit, Way

LIMIT = 40
PARTS = [checks_sessions, checks_publish_subscribe, checks_calls, checks_meta_api]


async def passed(check, way):
    visit = Visit(way)
    line = {"check": check.__name__}
    try:
        try:
            await asyncio.wait_for(check(visit), LIMIT)
        finally:
            # The next check finds nothing left of this one.
            await visit.end()
    except Exception:
        line["why"] = traceback.format_exc()
    line["passed"] = "why" not in line
    print(json.dumps(line), flush=True)
    return line["passed"]


async def main(url, serializer, *names):
    txaio.config.loop = asyncio.get_running_loop()
    logging.disable(logging.CRITICAL)
    way = Way(url, serializer)
    checks = [check for part in PARTS for check in part.CHECKS]
    if names:
        checks = [check for check in checks if any(name in check.__name__ for name in names)]
    outcomes = [await passed(check, way) for check in checks]
    return 0 if outcomes and all(outcomes) else 1


sys.exit(asyncio.run(main(*sys.argv[1:])))
