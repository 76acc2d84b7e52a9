package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.testing.TestPki;
import io.hbone.netty.testing.TestPki.PemFiles;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the openssl command, over the loopback. */
@Tag("peer")
@Timeout(60)
@ParameterizedClass
@EnumSource
class OpenSslCommandTest {
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(30);

    private final TestPki pki = TestPki.ca("cluster.local");
    private final WorkloadCertificate client = pki.workload("default", "client");
    private final WorkloadCertificate server = pki.workload("default", "server");
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final TlsProvider provider;
    private final TlsContexts contexts;

    @TempDir
    private Path directory;

    private PemFiles clientFiles;

    OpenSslCommandTest(TlsProvider provider) {
        this.provider = provider;
        this.contexts = new TlsContexts(provider);
    }

    @BeforeEach
    void writeFiles() throws IOException {
        clientFiles = TestPki.writePem(client, directory);
    }

    @AfterEach
    void shutDown() {
        contexts.close();
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void tls_1_3_with_h2_and_a_certificate_is_accepted() throws Exception {
        Served served = serve("-tls1_3", "-alpn", "h2", "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.client)
                .contains("New, TLSv1.3, Cipher is TLS_AES_", "ALPN protocol: h2", "Verify return code: 0 (ok)")
                .contains("hello from our server");
        assertThat(served.server).isEqualTo("accepted " + client.id());
    }

    @Test
    void a_certificate_is_asked_for_without_hints() throws Exception {
        Served served = serve("-tls1_3", "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.client).contains("CertificateRequest", "No client certificate CA names sent");
    }

    @Test
    void no_session_ticket_is_sent() throws Exception {
        Served served = serve("-tls1_3", "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.client).contains("Handshake", "Finished").doesNotContain("NewSessionTicket");
    }

    @Test
    void tls_1_2_is_refused() throws Exception {
        Served served = serve("-tls1_2", "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.client).contains("alert protocol version");
        assertThat(served.server).contains("peer does not speak TLS 1.3");
    }

    @Test
    void without_a_certificate_it_is_refused() throws Exception {
        Served served = serve("-tls1_3");

        assertThat(served.client).doesNotContain("hello from our server");
        // The latter from JDKs before 19.
        assertThat(served.client).containsPattern("alert (certificate required|bad certificate)");
        assertThat(served.server).contains("peer presented no certificate");
    }

    @Test
    void another_protocol_is_refused() throws Exception {
        Served served = serve("-tls1_3", "-alpn", "http/1.1", "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.client).contains("alert no application protocol");
        assertThat(served.server).contains("peer asked for application protocols without h2");
    }

    @Test
    void no_protocol_is_accepted() throws Exception {
        Served served = serve("-tls1_3", "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.client).contains("No ALPN negotiated", "hello from our server");
    }

    @ParameterizedTest
    @ValueSource(strings = {"X25519", "P-256", "P-384"})
    void the_key_exchanges_of_stock_peers_are_accepted(String group) throws Exception {
        Served served = serve("-tls1_3", "-groups", group, "-cert", clientFiles.chain(), "-key", clientFiles.key());

        assertThat(served.server).isEqualTo("accepted " + client.id());
    }

    @Test
    void an_unknown_authority_is_refused() throws Exception {
        PemFiles stranger = TestPki.writePem(TestPki.ca("cluster.local").workload("default", "client"), directory);

        Served served = serve("-tls1_3", "-cert", stranger.chain(), "-key", stranger.key());

        assertThat(served.client)
                .contains(provider == TlsProvider.OPENSSL ? "alert unknown ca" : "alert certificate unknown");
        assertThat(served.server).contains("not issued by an authority of its trust domain");
    }

    @Test
    void our_client_is_accepted_by_an_openssl_server() throws Exception {
        PemFiles files = TestPki.writePem(server, directory);
        Process process = openssl(
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-naccept",
                1,
                "-rev",
                "-tls1_3",
                "-alpn",
                "h2",
                "-Verify",
                5,
                "-verify_return_error",
                "-CAfile",
                files.roots(),
                "-cert",
                files.chain(),
                "-key",
                files.key());
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            while (line != null && !line.startsWith("ACCEPT ")) {
                line = output.readLine();
            }
            assertThat(line).startsWith("ACCEPT 127.0.0.1:");
            int port =
                    Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).trim());

            assertThat(talk(port)).isEqualTo("olleh");
        } finally {
            process.destroy();
        }
    }

    /** Sends a line through our client and returns the line that comes back. */
    private String talk(int port) throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Channel channel = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline()
                                .addLast(contexts.newClientHandler(
                                        ch.alloc(), client, Set.of(server.id()), HANDSHAKE_TIMEOUT))
                                .addLast(new LineReader(answer));
                    }
                })
                .connect(new InetSocketAddress("127.0.0.1", port))
                .sync()
                .channel();
        try {
            channel.writeAndFlush(Unpooled.copiedBuffer("hello\n", StandardCharsets.US_ASCII));
            return answer.get(30, TimeUnit.SECONDS);
        } finally {
            channel.close().sync();
        }
    }

    /** Lets openssl connect to our server once, and returns what both have to say about it. */
    private Served serve(Object... arguments) throws Exception {
        CompletableFuture<String> outcome = new CompletableFuture<>();
        Channel listener = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline()
                                .addLast(contexts.newServerHandler(ch.alloc(), server, HANDSHAKE_TIMEOUT))
                                .addLast(new Greeter(outcome));
                    }
                })
                .bind(new InetSocketAddress("127.0.0.1", 0))
                .sync()
                .channel();
        try {
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            List<Object> all = new ArrayList<>(
                    List.of("s_client", "-msg", "-connect", "127.0.0.1:" + port, "-CAfile", clientFiles.roots()));
            all.addAll(Arrays.asList(arguments));
            // Its input stays open: it ends when the server hangs up, and not before it has read why.
            Process process = openssl(all.toArray());
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return new Served(output, outcome.get(30, TimeUnit.SECONDS));
        } finally {
            listener.close().sync();
        }
    }

    private static Process openssl(Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private record Served(String client, String server) {}

    /** Says hello to whom it knows, and hangs up on everybody. */
    private static final class Greeter extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<String> outcome;

        Greeter(CompletableFuture<String> outcome) {
            this.outcome = outcome;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
            if (!(event instanceof SslHandshakeCompletionEvent handshake)) {
                return;
            }
            if (handshake.isSuccess()) {
                SslHandler tls = ctx.pipeline().get(SslHandler.class);
                outcome.complete(
                        "accepted " + PeerIdentity.of(tls.engine().getSession()).id());
                ctx.writeAndFlush(Unpooled.copiedBuffer("hello from our server\n", StandardCharsets.US_ASCII))
                        .addListener(ChannelFutureListener.CLOSE);
            } else {
                outcome.complete(
                        TlsFailures.explain(handshake.cause(), "openssl").getMessage());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // Told by the event as well.
        }
    }

    private static final class LineReader extends SimpleChannelInboundHandler<ByteBuf> {
        private final StringBuilder read = new StringBuilder();
        private final CompletableFuture<String> line;

        LineReader(CompletableFuture<String> line) {
            this.line = line;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf message) {
            read.append(message.toString(StandardCharsets.US_ASCII));
            if (read.indexOf("\n") >= 0) {
                line.complete(read.toString().trim());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            line.completeExceptionally(cause);
        }
    }
}
