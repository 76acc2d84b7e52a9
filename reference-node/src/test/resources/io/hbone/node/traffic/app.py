"""Applications that the tests run in pods: app.py ROLE PORT. Each listens on both IP families and serves until it is killed."""
import hashlib
import socket
import struct
import sys
import threading


def echo(connection, peer):
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def whoami(connection, peer):
    """Says whom it sees, and speaks first."""
    connection.sendall(f"{peer[0].removeprefix('::ffff:')} {peer[1]}\n".encode())


def smtp(connection, peer):
    """Speaks first, then answers line by line."""
    connection.sendall(b"220 mail.example.org ESMTP ready\r\n")
    for line in connection.makefile("rb"):
        if line.upper().startswith(b"QUIT"):
            connection.sendall(b"221 bye\r\n")
            return
        connection.sendall(b"250 " + line.strip() + b"\r\n")


def digest(connection, peer):
    """Answers only when it has seen the end of what the client sends."""
    size, sha = 0, hashlib.sha256()
    while data := connection.recv(1 << 20):
        size += len(data)
        sha.update(data)
    connection.sendall(f"{size} {sha.hexdigest()}\n".encode())


def stuck(connection, peer):
    """Never reads."""
    threading.Event().wait()


def reset(connection, peer):
    """Ends with a reset."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def served(role, connection, peer):
    try:
        with connection:
            role(connection, peer)
    except OSError as problem:
        print("connection of", peer[0], "ended:", problem, file=sys.stderr, flush=True)


role = {f.__name__: f for f in (echo, whoami, smtp, digest, stuck, reset)}[sys.argv[1]]
listener = socket.create_server(("::", int(sys.argv[2])), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
while True:
    accepted, address = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=served, args=(role, accepted, address), daemon=True).start()
