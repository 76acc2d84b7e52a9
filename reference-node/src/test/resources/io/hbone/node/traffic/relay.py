"""relay.py PORT PID TARGET-PORT: who connects to PORT of this network's loopback is connected to TARGET-PORT of that of process PID."""
import ctypes
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, sink):
            each.close()


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))  # stays of the network that it is made in
with open(f"/proc/{sys.argv[2]}/ns/net") as there:
    if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
print("listens", flush=True)
while True:
    here, _ = listener.accept()
    try:
        there = socket.create_connection(("127.0.0.1", int(sys.argv[3])))
    except OSError:
        here.close()
        continue
    for pair in ((here, there), (there, here)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
