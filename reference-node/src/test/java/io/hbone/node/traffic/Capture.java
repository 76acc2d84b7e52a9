package io.hbone.node.traffic;

import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
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

/** What tcpdump saw of TCP at an interface. */
public final class Capture {
    private static final String FILE = "capture.pcap";
    private static final int FILE_HEADER = 24;
    private static final int PACKET_HEADER = 16;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86dd;
    private static final int TCP = 6;
    private static final int HANDSHAKE = 22;
    private static final int SERVER_HELLO = 2;
    private static final int SUPPORTED_VERSIONS = 43;

    /** One direction of one connection. */
    private record Flow(InetAddress source, int sourcePort, InetAddress destination, int destinationPort) {
        boolean isBetween(InetAddress a, InetAddress b) {
            return source.equals(a) && destination.equals(b) || source.equals(b) && destination.equals(a);
        }

        /** The port at the server: the lower one. */
        int port() {
            return Math.min(sourcePort, destinationPort);
        }
    }

    private record Tls(int type, byte[] body) {}

    private final Map<Flow, TreeMap<Integer, byte[]>> segments = new LinkedHashMap<>();

    private int size;

    private Capture() {}

    /** Starts tcpdump; everything that comes after this call is seen. */
    static Program start(Pod pod) {
        return start(pod, "eth0", Path.of(pod.file(FILE)), "tcp");
    }

    /**
     * Starts tcpdump; everything that comes after this call is seen.
     *
     * @param file gets each packet at once
     * @param filter of tcpdump
     */
    public static Program start(Pod pod, String device, Path file, String filter) {
        Program tcpdump = pod.start(
                "tcpdump",
                "-i",
                device,
                // The longest packet, for room is kept for as many of these as fit; and 64 MiB for them.
                "-s",
                "65550",
                "-B",
                "65536",
                "-U",
                "--immediate-mode",
                "-Z",
                "root",
                "-w",
                file.toString(),
                filter);
        await().until(() -> tcpdump.err().contains("listening on"));
        return tcpdump;
    }

    /** Ends tcpdump and reads what it wrote. */
    static Capture finish(Pod pod, Program tcpdump) {
        tcpdump.terminate().join(Pod.PATIENCE);
        try {
            return read(Files.readAllBytes(Path.of(pod.file(FILE))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The packets of a file. */
    static Capture read(byte[] file) {
        return read(ByteBuffer.wrap(file), Arrays.copyOfRange(file, FILE_HEADER, file.length));
    }

    /**
     * Some of the packets of a file.
     *
     * @param header with which the file begins
     * @param packets of it, with their headers; what the last one lacks is not there yet, and it is left out
     */
    public static Capture read(ByteBuffer header, byte[] packets) {
        Capture capture = new Capture();
        ByteOrder order = header.getInt(0) == 0xd4c3b2a1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        ByteBuffer in = ByteBuffer.wrap(packets).order(order);
        while (in.remaining() >= PACKET_HEADER) {
            int length = in.getInt(in.position() + 8);
            if (in.remaining() < PACKET_HEADER + length) {
                break;
            }
            in.position(in.position() + PACKET_HEADER);
            capture.packet(in.slice(in.position(), length).order(ByteOrder.BIG_ENDIAN));
            in.position(in.position() + length);
            capture.size = in.position();
        }
        return capture;
    }

    /** How many bytes of the file its packets have, with their headers. */
    public int size() {
        return size;
    }

    /** What of it went between two addresses, whoever began. */
    public Capture between(InetAddress a, InetAddress b) {
        Capture part = new Capture();
        segments.forEach((flow, bytes) -> {
            if (flow.isBetween(a, b)) {
                part.segments.put(flow, bytes);
            }
        });
        return part;
    }

    /** What of it went to servers on that port, and came from them. */
    public Capture ofPort(int port) {
        Capture part = new Capture();
        segments.forEach((flow, bytes) -> {
            if (flow.port() == port) {
                part.segments.put(flow, bytes);
            }
        });
        return part;
    }

    private void packet(ByteBuffer ethernet) {
        int type = Short.toUnsignedInt(ethernet.getShort(12));
        int ip = 14;
        int tcp;
        int end;
        InetAddress source;
        InetAddress destination;
        int protocol;
        if (type == IPV4) {
            tcp = ip + (ethernet.get(ip) & 0xf) * 4;
            end = ip + Short.toUnsignedInt(ethernet.getShort(ip + 2));
            protocol = ethernet.get(ip + 9);
            source = address(ethernet, ip + 12, 4);
            destination = address(ethernet, ip + 16, 4);
        } else if (type == IPV6) {
            // No extension headers between our pods.
            tcp = ip + 40;
            end = tcp + Short.toUnsignedInt(ethernet.getShort(ip + 4));
            protocol = ethernet.get(ip + 6);
            source = address(ethernet, ip + 8, 16);
            destination = address(ethernet, ip + 24, 16);
        } else {
            throw new AssertionError("ether type " + type);
        }
        if (protocol != TCP) {
            return;
        }
        Flow flow = new Flow(
                source,
                Short.toUnsignedInt(ethernet.getShort(tcp)),
                destination,
                Short.toUnsignedInt(ethernet.getShort(tcp + 2)));
        TreeMap<Integer, byte[]> carried = segments.computeIfAbsent(flow, key -> new TreeMap<>());
        int data = tcp + (ethernet.get(tcp + 12) >> 4 & 0xf) * 4;
        if (data < end) {
            byte[] payload = new byte[end - data];
            ethernet.get(data, payload);
            carried.merge(ethernet.getInt(tcp + 4), payload, (a, b) -> a.length >= b.length ? a : b);
        }
    }

    private static InetAddress address(ByteBuffer from, int index, int length) {
        byte[] bytes = new byte[length];
        from.get(index, bytes);
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** Of each connection that was tried the port at its server. */
    public Set<Integer> ports() {
        Set<Integer> ports = new TreeSet<>();
        segments.keySet().forEach(flow -> ports.add(flow.port()));
        return ports;
    }

    /** Of each connection that carried anything the port at its server. */
    public Set<Integer> portsWithPayload() {
        Set<Integer> ports = new TreeSet<>();
        segments.forEach((flow, bytes) -> {
            if (!bytes.isEmpty()) {
                ports.add(flow.port());
            }
        });
        return ports;
    }

    /** All that was carried, direction by direction. */
    public byte[] payload() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        segments.keySet().forEach(flow -> out.writeBytes(stream(flow)));
        return out.toByteArray();
    }

    /** Whether those bytes were carried in clear, across packets if need be. */
    public boolean contains(String text) {
        return text().contains(text);
    }

    /** All that was carried, as text of one byte a character. */
    public String text() {
        return new String(payload(), StandardCharsets.ISO_8859_1);
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

    public Set<Integer> recordTypes() {
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
