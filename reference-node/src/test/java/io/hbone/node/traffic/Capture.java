package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What tcpdump saw of TCP at a pod's interface. */
final class Capture {
    private static final String FILE = "capture.pcap";
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86dd;
    private static final int HANDSHAKE = 22;
    private static final int SERVER_HELLO = 2;
    private static final int SUPPORTED_VERSIONS = 43;

    /** One direction of one connection. */
    private record Flow(String source, int sourcePort, String destination, int destinationPort) {}

    private record Tls(int type, byte[] body) {}

    private final Map<Flow, TreeMap<Integer, byte[]>> segments = new LinkedHashMap<>();

    private Capture() {}

    /** Starts tcpdump; everything that comes after this call is seen. */
    static Program start(Pod pod) {
        Program tcpdump = pod.start(
                "tcpdump",
                "-i",
                "eth0",
                "-s",
                "0",
                "-B",
                "16384",
                "-U",
                "--immediate-mode",
                "-Z",
                "root",
                "-w",
                pod.file(FILE),
                "tcp");
        await().until(() -> tcpdump.err().contains("listening on"));
        return tcpdump;
    }

    /** Ends tcpdump and reads what it wrote. */
    static Capture finish(Pod pod, Program tcpdump) {
        tcpdump.terminate().join(Pod.PATIENCE);
        try {
            Capture capture = new Capture();
            capture.read(ByteBuffer.wrap(Files.readAllBytes(Path.of(pod.file(FILE)))));
            return capture;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(ByteBuffer file) {
        file.order(file.getInt(0) == 0xd4c3b2a1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        file.position(24);
        while (file.hasRemaining()) {
            int length = file.getInt(file.position() + 8);
            file.position(file.position() + 16);
            packet(file.slice(file.position(), length).order(ByteOrder.BIG_ENDIAN));
            file.position(file.position() + length);
        }
    }

    private void packet(ByteBuffer ethernet) {
        int type = Short.toUnsignedInt(ethernet.getShort(12));
        int ip = 14;
        int tcp;
        int end;
        String source;
        String destination;
        if (type == IPV4) {
            tcp = ip + (ethernet.get(ip) & 0xf) * 4;
            end = ip + Short.toUnsignedInt(ethernet.getShort(ip + 2));
            source = bytes(ethernet, ip + 12, 4);
            destination = bytes(ethernet, ip + 16, 4);
        } else if (type == IPV6) {
            // No extension headers between our pods.
            tcp = ip + 40;
            end = tcp + Short.toUnsignedInt(ethernet.getShort(ip + 4));
            source = bytes(ethernet, ip + 8, 16);
            destination = bytes(ethernet, ip + 24, 16);
        } else {
            throw new AssertionError("ether type " + type);
        }
        int data = tcp + (ethernet.get(tcp + 12) >> 4 & 0xf) * 4;
        if (data < end) {
            Flow flow = new Flow(
                    source,
                    Short.toUnsignedInt(ethernet.getShort(tcp)),
                    destination,
                    Short.toUnsignedInt(ethernet.getShort(tcp + 2)));
            byte[] payload = new byte[end - data];
            ethernet.get(data, payload);
            segments.computeIfAbsent(flow, key -> new TreeMap<>())
                    .merge(ethernet.getInt(tcp + 4), payload, (a, b) -> a.length >= b.length ? a : b);
        }
    }

    private static String bytes(ByteBuffer from, int index, int length) {
        byte[] bytes = new byte[length];
        from.get(index, bytes);
        return Arrays.toString(bytes);
    }

    /** Of each connection that carried anything the port at its server: the lower one. */
    Set<Integer> portsWithPayload() {
        Set<Integer> ports = new TreeSet<>();
        segments.keySet().forEach(flow -> ports.add(Math.min(flow.sourcePort(), flow.destinationPort())));
        return ports;
    }

    /** All that was carried, direction by direction. */
    byte[] payload() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        segments.keySet().forEach(flow -> out.writeBytes(stream(flow)));
        return out.toByteArray();
    }

    /** Whether those bytes were carried in clear, across packets if need be. */
    boolean contains(String text) {
        return new String(payload(), StandardCharsets.ISO_8859_1).contains(text);
    }

    private byte[] stream(Flow flow) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        segments.get(flow).values().forEach(out::writeBytes);
        return out.toByteArray();
    }

    private List<Tls> records() {
        List<Tls> records = new ArrayList<>();
        for (Flow flow : segments.keySet()) {
            ByteBuffer in = ByteBuffer.wrap(stream(flow));
            while (in.remaining() >= 5) {
                int type = Byte.toUnsignedInt(in.get());
                in.getShort();
                byte[] body = new byte[Math.min(Short.toUnsignedInt(in.getShort()), in.remaining())];
                in.get(body);
                records.add(new Tls(type, body));
            }
        }
        return records;
    }

    Set<Integer> recordTypes() {
        Set<Integer> types = new TreeSet<>();
        records().forEach(one -> types.add(one.type()));
        return types;
    }

    /** The types of handshake messages that were not encrypted. */
    Set<Integer> clearHandshakes() {
        Set<Integer> types = new TreeSet<>();
        records().stream().filter(one -> one.type() == HANDSHAKE).forEach(one -> types.add((int) one.body()[0]));
        return types;
    }

    /** The versions that servers chose. */
    List<Integer> serverHelloVersions() {
        List<Integer> versions = new ArrayList<>();
        for (Tls one : records()) {
            if (one.type() == HANDSHAKE && one.body()[0] == SERVER_HELLO) {
                versions.add(version(ByteBuffer.wrap(one.body())));
            }
        }
        return versions;
    }

    /** RFC 8446 4.1.3: after type, length, version and random a session id, a suite, a compression method, extensions. */
    private static int version(ByteBuffer hello) {
        hello.position(4 + 2 + 32);
        hello.position(hello.position() + 1 + Byte.toUnsignedInt(hello.get(hello.position())) + 2 + 1 + 2);
        while (hello.hasRemaining()) {
            int extension = Short.toUnsignedInt(hello.getShort());
            int length = Short.toUnsignedInt(hello.getShort());
            if (extension == SUPPORTED_VERSIONS) {
                return Short.toUnsignedInt(hello.getShort());
            }
            hello.position(hello.position() + length);
        }
        return 0x0303;
    }
}
