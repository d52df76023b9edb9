"""Every way in which a Python program waits with a limit; each prints its name and what it took on the program's clocks.

Run as a script, with the seconds of each wait.
"""

import asyncio
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

SECONDS = float(sys.argv[1])
mute, _ = socket.socketpair()


def polled():
    poll = select.poll()
    poll.register(mute, select.POLLIN)
    poll.poll(SECONDS * 1000)


def epolled():
    with select.epoll() as epoll:
        epoll.register(mute, select.EPOLLIN)
        epoll.poll(SECONDS)


def socket_timeout():
    mute.settimeout(SECONDS)
    with suppress(TimeoutError):
        mute.recv(1)


def locked():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=SECONDS)


def conditioned():
    with (condition := threading.Condition()):
        condition.wait(SECONDS)


def queued():
    with suppress(queue.Empty):
        queue.Queue().get(timeout=SECONDS)


def timed():
    rung = threading.Event()
    threading.Timer(SECONDS, rung.set).start()
    rung.wait()


def alarmed(arm):
    signal.signal(signal.SIGALRM, lambda *_: None)
    arm()
    signal.pause()


def in_a_pool():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(time.sleep, SECONDS).result()


def child_given_up():
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(["sleep", "36000"], timeout=SECONDS)


async def waited_for():
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), SECONDS)


WAITS = {
    "time.sleep": lambda: time.sleep(SECONDS),
    "select": lambda: select.select([mute], [], [], SECONDS),
    "poll": polled,
    "epoll": epolled,
    "socket timeout": socket_timeout,
    "asyncio.sleep": lambda: asyncio.run(asyncio.sleep(SECONDS)),
    "asyncio.wait_for": lambda: asyncio.run(waited_for()),
    "Lock": locked,
    "Event": lambda: threading.Event().wait(SECONDS),
    "Condition": conditioned,
    "Queue": queued,
    "Timer": timed,
    "setitimer": lambda: alarmed(lambda: signal.setitimer(signal.ITIMER_REAL, SECONDS)),
    "alarm": lambda: alarmed(lambda: signal.alarm(round(SECONDS))),
    "future": in_a_pool,
    "a child's sleep": lambda: subprocess.run(["sleep", str(SECONDS)]),
    "a child given up": child_given_up,
}

for name, wait in WAITS.items():
    began, day = time.monotonic(), time.time()
    wait()
    print(f"{name}\t{time.monotonic() - began}\t{time.time() - day}", flush=True)
