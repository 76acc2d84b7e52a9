"""The agent's end of ZDS, by hand: agent.py SOCKET.

Reads lines "NUMBER MESSAGE-IN-HEX [FILE...]" and sends each message with descriptors of the files, then says "NUMBER REPLY-IN-HEX",
or "NUMBER gone" when the node has hung up. With "-" for the message the connection is closed, and the next one waited for."""

import array
import os
import socket
import sys


def say(*words):
    print(*words, flush=True)


listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
listener.listen(8)
say("listening")
connection, hello = None, None
for line in sys.stdin:
    number, message, *files = line.split()
    if message == "-":
        connection.close()
        connection = None
        say(number, "closed")
        continue
    try:
        if connection is None:
            connection, _ = listener.accept()
            say("hello", connection.recv(4096).hex())
        descriptors = [os.open(file, os.O_RDONLY) for file in files]
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        connection.sendmsg([bytes.fromhex(message)], ancillary)
        for descriptor in descriptors:
            os.close(descriptor)
        reply = connection.recv(4096)
        say(number, reply.hex() or "gone")
    except OSError as e:
        say(number, "gone", e)
