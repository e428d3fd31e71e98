"""HTTP GET, with the body whatever the status."""

import json
import ssl
import urllib.error
import urllib.request

# Never through a proxy of the machine, and with no look at certificates: every server is a child of
# the test.
OPENER = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),
)


def get(url, timeout_s=5, headers=None):
    """(status, body as text)"""
    try:
        request = urllib.request.Request(url, headers=headers or {})
        with OPENER.open(request, timeout=timeout_s) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def get_json(url, timeout_s=5, headers=None):
    status, body = get(url, timeout_s, headers)
    if status != 200:
        raise AssertionError(f"{url} answered {status}: {body[:500]}")
    return json.loads(body)


def post(url, timeout_s=5):
    """An empty POST that must succeed."""
    with OPENER.open(urllib.request.Request(url, data=b"", method="POST"), timeout=timeout_s):
        pass
