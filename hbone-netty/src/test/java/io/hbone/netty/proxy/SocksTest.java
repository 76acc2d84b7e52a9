package io.hbone.netty.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The SOCKS5 aid, spoken to byte by byte. */
@Timeout(60)
class SocksTest {

    private Applications.Listening app;
    private TwoNodes nodes;
    private OutboundListener socks;

    @BeforeEach
    void start() throws Exception {
        app = Applications.echo();
        nodes = new TwoNodes(app.address());
        socks = TwoNodes.get(
                OutboundListener.builder(nodes.client, connection -> nodes.router.route(connection), nodes.pool)
                        .sockets(nodes.sockets)
                        .observer(nodes.outbound)
                        .bindSocks(nodes.loops, TwoNodes.ANY_PORT));
    }

    @AfterEach
    void stop() throws Exception {
        TwoNodes.get(socks.drain(Duration.ZERO));
        nodes.close();
        app.close();
    }

    @Test
    void connectsToAnIpv4Address() throws Exception {
        try (Socket socket = greeted()) {
            send(socket, 5, 1, 0, 1, 10, 1, 2, 3, 0x1f, 0x90);
            assertThat(receive(socket, 10)).startsWith(5, 0);
            assertThat(TunnelledTest.exchange(socket, "hello")).isEqualTo("hello");
        }
        assertThat(nodes.outbound.ended(0).details.hboneTarget()).isEqualTo(Authority.parse("10.1.2.3:8080"));
    }

    @Test
    void connectsToAnIpv6AddressAndTakesWhatFollowsAtOnce() throws Exception {
        try (Socket socket = greeted()) {
            byte[] request = {5, 1, 0, 4, 0x20, 1, 0xd, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 80, 'h', 'i'
            };
            for (int i = 0; i < 6; i++) {
                socket.getOutputStream().write(request, i, 1);
            }
            socket.getOutputStream().write(request, 6, request.length - 6);
            assertThat(receive(socket, 10)).startsWith(5, 0);
            assertThat(new String(receive(socket, 2), StandardCharsets.US_ASCII))
                    .isEqualTo("hi");
        }
        assertThat(nodes.outbound.ended(0).details.hboneTarget()).isEqualTo(Authority.parse("[2001:db8::7]:80"));
    }

    @Test
    void connectsToAName() throws Exception {
        try (Socket socket = greeted()) {
            send(socket, 5, 1, 0, 3, 9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't', 0, 80);
            assertThat(receive(socket, 10)).startsWith(5, 0);
            assertThat(TunnelledTest.exchange(socket, "hello")).isEqualTo("hello");
        }
    }

    @Test
    void refusesWhatItDoesNotSpeak() throws Exception {
        try (Socket socket = Applications.connect(socks.localAddress())) {
            send(socket, 5, 1, 2); // wants a password
            assertThat(receive(socket, 2)).containsExactly(5, 0xff);
            assertThat(Applications.readToTheEnd(socket)).isZero();
        }
        try (Socket socket = Applications.connect(socks.localAddress())) {
            send(socket, 4, 1, 0); // SOCKS 4
            assertThat(receive(socket, 2)).containsExactly(5, 0xff);
        }
        try (Socket socket = greeted()) {
            send(socket, 5, 3, 0, 1, 10, 1, 2, 3, 0, 80); // UDP ASSOCIATE
            assertThat(receive(socket, 10)).startsWith(5, 7);
            assertThat(Applications.readToTheEnd(socket)).isZero();
        }
        try (Socket socket = greeted()) {
            send(socket, 5, 1, 0, 1, 10, 1, 2, 3, 0, 0); // port 0
            assertThat(receive(socket, 10)).startsWith(5, 4);
        }
        assertThat(nodes.outbound.connections).isEmpty();
    }

    private Socket greeted() throws IOException {
        InetSocketAddress address = socks.localAddress();
        Socket socket = Applications.connect(address);
        send(socket, 5, 2, 2, 0);
        assertThat(receive(socket, 2)).containsExactly(5, 0);
        return socket;
    }

    private static void send(Socket socket, int... bytes) throws IOException {
        byte[] data = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            data[i] = (byte) bytes[i];
        }
        socket.getOutputStream().write(data);
    }

    private static byte[] receive(Socket socket, int bytes) throws IOException {
        return socket.getInputStream().readNBytes(bytes);
    }
}
