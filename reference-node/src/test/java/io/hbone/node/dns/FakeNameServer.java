package io.hbone.node.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;

/** A name server by UDP and TCP on one port, that does what the test says. */
public final class FakeNameServer implements AutoCloseable {
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    public final List<byte[]> queries = new CopyOnWriteArrayList<>();

    /** What to reply to a message, and whether it came by TCP; null for nothing. */
    public volatile BiFunction<byte[], Boolean, List<byte[]>> replies;

    FakeNameServer(BiFunction<byte[], Boolean, List<byte[]>> replies) throws IOException {
        this(new InetSocketAddress("127.0.0.1", 0), replies);
    }

    public FakeNameServer(InetSocketAddress address, BiFunction<byte[], Boolean, List<byte[]>> replies)
            throws IOException {
        this.replies = replies;
        tcp = new ServerSocket(address.getPort(), 50, address.getAddress());
        udp = new DatagramSocket(new InetSocketAddress(address.getAddress(), tcp.getLocalPort()));
        daemon(this::datagrams);
        daemon(this::connections);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) tcp.getLocalSocketAddress();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // It was closed.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void datagrams() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        while (true) {
            udp.receive(packet);
            byte[] query = Arrays.copyOf(packet.getData(), packet.getLength());
            queries.add(query);
            clients.add(packet.getAddress());
            for (byte[] reply : replies.apply(query, false)) {
                udp.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
            }
        }
    }

    private void connections() throws IOException {
        while (true) {
            Socket socket = tcp.accept();
            daemon(() -> {
                try (socket) {
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                    while (true) {
                        byte[] query = in.readNBytes(in.readUnsignedShort());
                        queries.add(query);
                        for (byte[] reply : replies.apply(query, true)) {
                            out.writeShort(reply.length);
                            out.write(reply);
                        }
                    }
                }
            });
        }
    }

    /** Who has asked, by UDP. */
    public final List<InetAddress> clients = new CopyOnWriteArrayList<>();

    /** The query, which has nothing but a question, as a reply with one address. */
    public static byte[] answer(byte[] query, InetAddress address) {
        byte[] bytes = address.getAddress();
        byte[] reply = reply(query, 0, new byte[12 + bytes.length]);
        reply[7] = 1;
        ByteBuffer.wrap(reply)
                .position(query.length)
                .putShort((short) 0xc00c)
                .put(query, query.length - 4, 4)
                .putInt(5)
                .putShort((short) bytes.length)
                .put(bytes);
        return reply;
    }

    /** The query as a reply with that code, and {@code rest} after it. */
    public static byte[] reply(byte[] query, int code, byte... rest) {
        byte[] reply = Arrays.copyOf(query, query.length + rest.length);
        reply[2] |= (byte) 0x80;
        reply[3] = (byte) (0x80 | code);
        System.arraycopy(rest, 0, reply, query.length, rest.length);
        return reply;
    }

    @Override
    public void close() throws IOException {
        udp.close();
        tcp.close();
    }
}
