"""Clients that the tests run in pods: client.py WHAT HOST PORT ... Each writes what happened to it on standard output."""
import errno
import hashlib
import os
import select
import socket
import sys
import threading
import time


def say(*words):
    print(*words, flush=True)


def connect(host, port, timeout=20):
    connection = socket.create_connection((host, int(port)), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def name(problem):
    if isinstance(problem, TimeoutError):
        return "TIMEOUT"
    return errno.errorcode.get(problem.errno, str(problem))


def whoami(host, port):
    """LOCAL-ADDRESS then what the server sees."""
    with connect(host, port) as connection:
        local = connection.getsockname()
        say(local[0], local[1])
        say(connection.makefile().readline().strip())


def fate(host, port, first=""):
    """Connects, sends FIRST, reads to the end: 'WHAT BYTES MILLISECONDS' with WHAT of EOF or the name of an error."""
    begin, size, end = time.monotonic(), 0, "EOF"
    try:
        with connect(host, port, 30) as connection:
            if first:
                connection.sendall(bytes.fromhex(first))
            while data := connection.recv(65536):
                size += len(data)
    except OSError as problem:
        end = name(problem)
    say(end, size, round((time.monotonic() - begin) * 1000))


def exchange(host, port, size, done, i):
    """One connection to an echo: writes and reads at once, both directions are compared by digest."""
    pattern = hashlib.sha512(bytes([i % 256])).digest() * 1024  # 64 KiB
    sent, got = hashlib.sha256(), hashlib.sha256()
    with connect(host, port) as connection:

        def write():
            left = size
            while left:
                part = pattern[: min(left, len(pattern))]
                connection.sendall(part)
                sent.update(part)
                left -= len(part)
            connection.shutdown(socket.SHUT_WR)

        writer = threading.Thread(target=write)
        writer.start()
        while data := connection.recv(65536):
            got.update(data)
        writer.join()
    if sent.digest() == got.digest():
        done.append(i)


def neighbours(host, port, count, size):
    """COUNT connections to an echo at once, SIZE bytes each: how many came back as they went."""
    done = []
    threads = [
        threading.Thread(target=exchange, args=(host, port, int(size), done, i)) for i in range(int(count))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(len(done))


def steady(host, port):
    """A small exchange every few milliseconds: 'up', and when standard input ends 'ok COUNT LONGEST-GAP-MS'.

    When the connection ends before: 'ended WHAT COUNT SECONDS'."""
    count, longest = 0, 0.0
    begin = last = time.monotonic()
    end = "EOF"
    try:
        with connect(host, port) as connection:
            while not select.select([sys.stdin], [], [], 0.005)[0]:
                data = os.urandom(512)
                connection.sendall(data)
                back = b""
                while len(back) < len(data):
                    part = connection.recv(len(data) - len(back))
                    if not part:
                        raise EOFError
                    back += part
                if back != data:
                    say("corrupt", count)
                    return
                now = time.monotonic()
                longest, last, count = max(longest, now - last), now, count + 1
                if count == 1:
                    say("up")
            say("ok", count, round(longest * 1000))
            return
    except EOFError:
        pass
    except OSError as problem:
        end = name(problem)
    say("ended", end, count, round(time.monotonic() - begin, 3))


def again(host, port):
    """A new connection ten times a second, each with a small exchange: 'up', and when standard input ends 'ok COUNT'.

    Of those that fail 'failed NUMBER WHAT', at once."""
    count = 0
    while not select.select([sys.stdin], [], [], 0.1 if count else 0)[0]:
        count += 1
        try:
            with connect(host, port) as connection:
                connection.sendall(b"again")
                if connection.recv(5, socket.MSG_WAITALL) != b"again":
                    say("failed", count, "EOF")
        except OSError as problem:
            say("failed", count, name(problem))
        if count == 1:
            say("up")
    say("ok", count)


def stall(host, port, count):
    """COUNT connections that send until nothing is taken for a second: 'stuck BYTES', held until standard input ends."""
    held = [connect(host, port) for _ in range(int(count))]
    size, block = 0, bytes(65536)
    for connection in held:
        connection.setblocking(False)
    while writable := select.select([], held, [], 1)[1]:
        for connection in writable:
            size += connection.send(block)
    say("stuck", size)
    sys.stdin.read()


def hold(host, port, count, first=""):
    """COUNT connections that send FIRST and then nothing: 'open', and when all have ended 'ended SHORTEST LONGEST' seconds."""
    held = {}
    for _ in range(int(count)):
        connection = connect(host, port)
        connection.sendall(bytes.fromhex(first))
        held[connection] = time.monotonic()
    say("open")
    ages = []
    while held:
        readable = select.select(list(held), [], [], 60)[0]
        if not readable:
            say("left", len(held))
            return
        for connection in readable:
            try:
                if connection.recv(65536):
                    continue
            except OSError:
                pass
            ages.append(time.monotonic() - held.pop(connection))
            connection.close()
    say("ended", round(min(ages), 2), round(max(ages), 2))


{f.__name__: f for f in (whoami, fate, neighbours, steady, again, stall, hold)}[sys.argv[1]](*sys.argv[2:])
