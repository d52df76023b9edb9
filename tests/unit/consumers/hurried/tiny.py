"""A program of our own that reads a stream with a deadline for each silence, and reports it as a driver does.

Standard library only. The case's ``idle_ms`` is its deadline; without one it has none.
"""

import json
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

TERMINAL = '"type": "response.completed"'


def say(**body):
    print(json.dumps({"protocol": 1, **body}), flush=True)


def read(url, deadline_s):
    """Body text up to the terminal, and what the call ended with."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as sock:
        sock.settimeout(deadline_s)
        body = json.dumps({"input": "hello"}).encode()
        sock.sendall(b"POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        told = ""
        try:
            while TERMINAL not in told:
                told += sock.recv(65536).decode()
        except TimeoutError as error:
            return {"ended": "raised", "failure": {"chain": [{"type": "TimeoutError", "message": str(error)}]}}
    return {"ended": "returned", "status": "completed", "text": "All is well."}


say(ready={"consumer": "tiny", "version": "1.0", "lane": "", "runtime": "python"})
for line in sys.stdin:
    case = json.loads(line)
    if "stranger" in sys.argv[1:]:
        other = subprocess.Popen(["sleep", "600"], env={})
    began = time.monotonic()
    ms = case["timeouts"].get("idle_ms")
    turn = read(case["base_url"], ms / 1000 if ms else None)
    turn["notes"] = str(time.monotonic() - began)
    if "stranger" in sys.argv[1:]:
        other.kill()
        other.wait()
    say(case=case["case"], outcome={"outcome": 1, "consumer": "tiny", "version": "1.0", "turns": [turn]})
