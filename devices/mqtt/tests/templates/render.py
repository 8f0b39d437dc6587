"""Renders templates with Jinja2: lines of {"template", "payload"} in, lines of {"text"} or {"error"} out."""

import json
import sys

import jinja2


def number(kind):
    def convert(value, default=None):
        try:
            return kind(float(value)) if kind is int else kind(value)
        except (TypeError, ValueError):
            if default is None:
                raise
            return default

    return convert


environment = jinja2.Environment()
environment.filters["int"] = number(int)
environment.filters["float"] = number(float)
environment.filters["to_json"] = json.dumps
for line in sys.stdin:
    case = json.loads(line)
    payload = case["payload"]
    try:
        text = environment.from_string(case["template"]).render(value=payload, value_json=json.loads(payload))
        print(json.dumps({"text": text.strip()}))
    except Exception as error:
        print(json.dumps({"error": str(error)}))
