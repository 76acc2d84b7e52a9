"""A client of the Python package h2 (hyper), which shares no code with Node.js or nghttp2. Arguments: port, chain, key, roots,
how many streams, bytes for each. Pads its DATA, updates SETTINGS midway, and says one line for each stream: its number, the
status, how many bytes came back, their sha256."""
import hashlib
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

port, chain, key, roots, streams, size = sys.argv[1:]
streams, size = int(streams), int(size)

context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.check_hostname = False
context.load_cert_chain(chain, key)
context.load_verify_locations(roots)
context.set_alpn_protocols(["h2"])
sock = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))))
assert sock.selected_alpn_protocol() == "h2"

# it would ask for a :path, which a CONNECT must not have
config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8", validate_outbound_headers=False)
connection = h2.connection.H2Connection(config)
connection.initiate_connection()
state = {}
for number in range(1, streams + 1):
    stream = connection.get_next_available_stream_id()
    connection.send_headers(stream, [(":method", "CONNECT"), (":authority", "10.0.0.1:%d" % number)])
    state[stream] = {"number": number, "status": 0, "left": 0, "received": 0, "hash": hashlib.sha256(), "ended": False}
sock.sendall(connection.data_to_send())


def pump():
    for stream, each in state.items():
        while each["left"] > 0:
            window = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size) - 38
            if window <= 0:
                break
            chunk = min(window, each["left"])
            connection.send_data(stream, bytes([each["number"]]) * chunk, pad_length=37)
            each["left"] -= chunk
        if each["left"] == 0 and each["status"] == "200" and not each["ended"]:
            each["ended"] = True
            connection.end_stream(stream)
    sock.sendall(connection.data_to_send())


open_streams = streams
while open_streams > 0:
    data = sock.recv(65536)
    assert data, "connection closed"
    for event in connection.receive_data(data):
        each = state.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ResponseReceived):
            each["status"] = dict(event.headers)[":status"]
            each["left"] = size
            if each["number"] == 2:
                connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 20000})
        elif isinstance(event, h2.events.DataReceived):
            each["received"] += len(event.data)
            each["hash"].update(event.data)
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
            print(each["number"], each["status"], each["received"], each["hash"].hexdigest(), type(event).__name__)
            open_streams -= 1
        elif isinstance(event, h2.events.ConnectionTerminated):
            print("goaway", event.error_code)
    pump()
connection.ping(b"12345678")
connection.close_connection()
sock.sendall(connection.data_to_send())
sock.close()
