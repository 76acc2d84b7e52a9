package io.hbone.netty;

import static io.hbone.netty.ClientAndServer.CLIENT;
import static io.hbone.netty.ClientAndServer.LONG_ENOUGH;
import static io.hbone.netty.ClientAndServer.SERVER;
import static io.hbone.netty.ClientAndServer.halfClosing;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Baggage;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.netty.testing.Programs;
import io.hbone.netty.testing.Pump;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 implementations that share no code with ours or with Netty, over TLS with client certificates, both ways. */
@Tag("peer")
@Timeout(120)
class PeerHttp2Test {

    private static final long SECONDS = LONG_ENOUGH.toSeconds();
    private static final int MIB = 1 << 20;

    /** Not whatever comes first on PATH: the package h2 is Debian's python3-h2, and that belongs to Debian's interpreter. */
    private static final String PYTHON = "/usr/bin/python3";

    @TempDir
    Path directory;

    // ---- their clients, our server --------------------------------------------------------------------------------

    /** Sends back what comes, and ends when the peer has. */
    private static final class Echo extends ChannelInboundHandlerAdapter {
        final CompletableFuture<Throwable> closed = new CompletableFuture<>();
        private Throwable problem = new Throwable("none");

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.writeAndFlush(message);
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE) {
                ((DuplexChannel) ctx.channel()).shutdownOutput();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            problem = cause;
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            closed.complete(problem);
        }
    }

    private static ClientAndServer echoing() throws Exception {
        return new ClientAndServer(stream -> {
            if (stream.request().authority().port() == 503) {
                stream.reject(503);
            } else {
                stream.accept(Baggage.EMPTY, halfClosing(new Echo()));
            }
        });
    }

    private List<String> nodeClient(ClientAndServer pair, String... arguments) throws Exception {
        TestPki.PemFiles pem = TestPki.writePem(CLIENT, directory);
        List<String> command = new ArrayList<>(List.of(
                Programs.required("node").toString(),
                script("client.mjs"),
                port(pair),
                pem.chain().toString(),
                pem.key().toString(),
                pem.roots().toString(),
                SERVER.id().toString()));
        command.addAll(Arrays.asList(arguments));
        return lines(Programs.run(directory, LONG_ENOUGH, command));
    }

    private static List<String> lines(Programs.Result result) {
        assertThat(result.status()).as(result.output()).isZero();
        return result.output().lines().toList();
    }

    private static String port(ClientAndServer pair) {
        return Integer.toString(pair.server.localAddress().getPort());
    }

    private static String script(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(PeerHttp2Test.class.getResource("peers/" + name))
                        .toURI())
                .toString();
    }

    /** What a client says of a stream that got back {@code size} bytes of its number. */
    private static String echoed(int number, int size) throws Exception {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) number);
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        return number + " 200 " + size + " " + digest;
    }

    @Test
    void nodeClient_manyStreamsWithHalfClose_getsEverythingBack() throws Exception {
        try (ClientAndServer pair = echoing()) {
            List<String> said = nodeClient(pair, "echo", "10", Integer.toString(MIB));
            for (int i = 1; i <= 10; i++) {
                assertThat(said).contains(echoed(i, MIB));
            }
            assertThat(said).noneMatch(line -> line.contains("error")).endsWith("session closed");
        }
    }

    @Test
    void nodeClient_emptyStreams_endCleanly() throws Exception {
        try (ClientAndServer pair = echoing()) {
            assertThat(nodeClient(pair, "echo", "3", "0"))
                    .containsExactlyInAnyOrder(echoed(1, 0), echoed(2, 0), echoed(3, 0), "session closed");
        }
    }

    @Test
    void nodeClient_invalidAndRejectedRequests_areAnsweredWithoutAnError() throws Exception {
        try (ClientAndServer pair = echoing()) {
            List<String> said = nodeClient(pair, "reject");
            assertThat(said.subList(0, 2)).containsExactly("answer 400", "answer 400");
            assertThat(said.get(2)).startsWith("503 503 0 ");
            assertThat(said).noneMatch(line -> line.contains("error"));
        }
    }

    @Test
    void nodeClient_cancelsAStream_isAnOrderlyEndAtOurs() throws Exception {
        Echo echo = new Echo();
        try (ClientAndServer pair = new ClientAndServer(stream -> stream.accept(Baggage.EMPTY, halfClosing(echo)))) {
            nodeClient(pair, "cancel", "1", Integer.toString(MIB));
            assertThat(echo.closed.get(SECONDS, TimeUnit.SECONDS)).hasMessage("none");
        }
    }

    @Test
    void hyperClient_paddedDataAndChangingWindows_getsEverythingBack() throws Exception {
        try (ClientAndServer pair = echoing()) {
            TestPki.PemFiles pem = TestPki.writePem(CLIENT, directory);
            List<String> said = lines(Programs.run(
                    directory,
                    LONG_ENOUGH,
                    List.of(
                            PYTHON,
                            script("client.py"),
                            port(pair),
                            pem.chain().toString(),
                            pem.key().toString(),
                            pem.roots().toString(),
                            "5",
                            "500000")));
            for (int i = 1; i <= 5; i++) {
                assertThat(said).contains(echoed(i, 500_000) + " StreamEnded");
            }
        }
    }

    /** nghttp cannot leave :path out of a CONNECT, so all it can be is refused: by status, on one connection, 50 times. */
    @Test
    void nghttpClient_requestsThatAreNoTunnel_areAnswered400() throws Exception {
        try (ClientAndServer pair = echoing()) {
            TestPki.PemFiles pem = TestPki.writePem(CLIENT, directory);
            Programs.Result result = Programs.run(
                    directory,
                    LONG_ENOUGH,
                    List.of(
                            Programs.required("nghttp").toString(),
                            "-nv",
                            "-m",
                            "50",
                            "-H:method: CONNECT",
                            "--cert=" + pem.chain(),
                            "--key=" + pem.key(),
                            "https://127.0.0.1:" + port(pair) + "/"));
            assertThat(result.output()).contains("The negotiated protocol: h2");
            assertThat(result.output().lines().filter(line -> line.contains(":status: 400")))
                    .hasSize(50);
        }
    }

    // ---- our client, their server ---------------------------------------------------------------------------------

    /** Node's http2 server, until it is closed. */
    private final class NodeServer implements AutoCloseable {
        final BlockingQueue<String> said = new LinkedBlockingQueue<>();
        final InetSocketAddress address;
        private final Process process;

        NodeServer(int streams) throws Exception {
            TestPki.PemFiles pem = TestPki.writePem(SERVER, directory);
            process = new ProcessBuilder(
                            Programs.required("node").toString(),
                            script("server.mjs"),
                            pem.chain().toString(),
                            pem.key().toString(),
                            pem.roots().toString(),
                            Integer.toString(streams))
                    .redirectErrorStream(true)
                    .start();
            Thread reader = new Thread(this::listen, "node-output");
            reader.setDaemon(true);
            reader.start();
            String first = said.poll(SECONDS, TimeUnit.SECONDS);
            assertThat(first).startsWith("port ");
            address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(first.substring(5)));
        }

        private void listen() {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                lines.lines().forEach(said::add);
            } catch (IOException e) {
                said.add(e.toString());
            }
        }

        Future<Channel> connect(ClientAndServer pair, int number, Pump pump) {
            return pair.client.connect(
                    address, Set.of(SERVER.id()), ClientAndServer.request(number), halfClosing(pump));
        }

        void awaitLine(String line) throws InterruptedException {
            String next = said.poll(SECONDS, TimeUnit.SECONDS);
            while (next != null && !next.equals(line)) {
                next = said.poll(SECONDS, TimeUnit.SECONDS);
            }
            assertThat(next).isEqualTo(line);
        }

        @Override
        public void close() throws Exception {
            process.getOutputStream().close();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    private static ClientAndServer ours() throws Exception {
        return new ClientAndServer(stream -> stream.reject(404));
    }

    @Test
    void nodeServer_manyStreamsWithHalfClose_echoesEverything() throws Exception {
        try (ClientAndServer pair = ours();
                NodeServer node = new NodeServer(100)) {
            List<Pump> pumps = new ArrayList<>();
            for (int i = 1; i <= 12; i++) {
                Pump pump = new Pump(i, 2L * MIB + i);
                pumps.add(pump);
                node.connect(pair, 1000 + i, pump);
            }
            for (int i = 1; i <= 12; i++) {
                assertThat(pumps.get(i - 1).received().get(SECONDS, TimeUnit.SECONDS))
                        .isEqualTo(Pump.expected(i, 2L * MIB + i));
            }
            node.awaitLine("session URI:" + CLIENT.id());
        }
    }

    @Test
    void nodeServer_thatAllowsFewStreams_getsMoreTunnels() throws Exception {
        try (ClientAndServer pair = ours();
                NodeServer node = new NodeServer(3)) {
            List<Pump> pumps = new ArrayList<>();
            for (int i = 1; i <= 12; i++) {
                Pump pump = new Pump(i, 10_000);
                pumps.add(pump);
                node.connect(pair, 1000 + i, pump);
            }
            for (int i = 1; i <= 12; i++) {
                assertThat(pumps.get(i - 1).received().get(SECONDS, TimeUnit.SECONDS))
                        .isEqualTo(Pump.expected(i, 10_000));
            }
        }
    }

    @Test
    void nodeServer_goesAway_streamGoesOnAndTheNextOneGetsAnotherTunnel() throws Exception {
        try (ClientAndServer pair = ours();
                NodeServer node = new NodeServer(100)) {
            Pump last = new Pump(7, MIB);
            Channel first = node.connect(pair, 7, last).get(SECONDS, TimeUnit.SECONDS);
            assertThat(last.received().get(SECONDS, TimeUnit.SECONDS)).isEqualTo(Pump.expected(7, MIB));
            Pump next = new Pump(8, MIB);
            Channel second = node.connect(pair, 8, next).get(SECONDS, TimeUnit.SECONDS);
            assertThat(next.received().get(SECONDS, TimeUnit.SECONDS)).isEqualTo(Pump.expected(8, MIB));
            assertThat(second.parent()).isNotSameAs(first.parent());
        }
    }

    @Test
    void nodeServer_rejects_failsTheConnectWithItsStatus() throws Exception {
        try (ClientAndServer pair = ours();
                NodeServer node = new NodeServer(100)) {
            Future<Channel> connect = node.connect(pair, 503, new Pump(1, 1));
            connect.await(SECONDS, TimeUnit.SECONDS);
            assertThat(connect.cause()).isInstanceOfSatisfying(TunnelException.class, e -> {
                assertThat(e.error()).isEqualTo(TunnelError.CONNECT_REJECTED);
                assertThat(e.status()).isEqualTo(503);
            });
        }
    }

    @Test
    void nodeServer_clientCloses_seesAnOrderlyGoAway() throws Exception {
        try (ClientAndServer pair = ours();
                NodeServer node = new NodeServer(100)) {
            Pump pump = new Pump(1, 100);
            node.connect(pair, 1001, pump);
            pump.received().get(SECONDS, TimeUnit.SECONDS);
            pair.client.close();
            node.awaitLine("goaway 0");
            node.awaitLine("session closed");
        }
    }
}
