package io.hbone.netty.proxy;

import static io.hbone.netty.proxy.Applications.connect;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.InboundRouter;
import io.hbone.core.IpLiteral;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadMetadata;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** spec/ztunnel.md 5.1, "PROXY header"; the bytes are those of the PROXY protocol's specification, 2.2. */
@Timeout(60)
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final SpiffeId WHO = SpiffeId.parse("spiffe://td/ns/a/sa/b");
    /** {@link #WHO} as a TLV of type 0xD0 and 21 octets. */
    private static final String WHO_TLV = "d00015" + hex("spiffe://td/ns/a/sa/b");

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(IpLiteral.parse(address), port);
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                Arguments.of(
                        "IPv4",
                        at("10.0.0.1", 4000),
                        at("10.9.0.1", 80),
                        WHO,
                        "2111" + "0024" + "0a000001" + "0a090001" + "0fa0" + "0050" + WHO_TLV),
                Arguments.of(
                        "IPv6",
                        at("2001:db8::1", 4000),
                        at("2001:db8::2", 80),
                        WHO,
                        "2121" + "003c" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002"
                                + "0fa0" + "0050" + WHO_TLV),
                Arguments.of(
                        "nobody proved",
                        at("10.0.0.1", 65535),
                        at("10.9.0.1", 1),
                        null,
                        "2111" + "000c" + "0a000001" + "0a090001" + "ffff" + "0001"),
                Arguments.of(
                        "families that differ",
                        at("10.0.0.1", 4000),
                        at("2001:db8::2", 80),
                        WHO,
                        "2101" + "0018" + WHO_TLV),
                Arguments.of(
                        "families that differ, nobody proved",
                        at("2001:db8::2", 80),
                        at("10.0.0.1", 4000),
                        null,
                        "2101" + "0000"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("headers")
    void encode_isVersion2WithTheIdentity(
            String name,
            InetSocketAddress source,
            InetSocketAddress destination,
            @Nullable SpiffeId who,
            String bytes) {
        ByteBuf header = ProxyHeader.encode(UnpooledByteBufAllocator.DEFAULT, source, destination, who);
        try {
            assertThat(ByteBufUtil.hexDump(header)).isEqualTo(SIGNATURE + bytes);
        } finally {
            header.release();
        }
    }

    /** The application gets it before anything that the client says, and the client gets nothing of it. */
    @Test
    void applicationTunnel_readsTheHeaderFirst() throws Exception {
        InetSocketAddress asked = at("10.9.0.1", 80);
        LinkedBlockingQueue<byte[]> seen = new LinkedBlockingQueue<>();
        try (var app = Applications.listen(socket -> {
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    byte[] fixed = in.readNBytes(16);
                    int length = (fixed[14] & 0xff) << 8 | fixed[15] & 0xff;
                    seen.add(fixed);
                    seen.add(in.readNBytes(length));
                    socket.getOutputStream().write(in.read());
                });
                var nodes = new TwoNodes(app.address())) {
            nodes.inboundRouter = connection -> CompletableFuture.completedFuture(new InboundRouter.Target.Forward(
                    app.address(), false, WorkloadMetadata.UNKNOWN, TwoNodes.SERVER, null, asked));

            try (Socket socket = connect(nodes.capture.localAddress())) {
                socket.getOutputStream().write('x');
                assertThat(socket.getInputStream().read()).isEqualTo('x');
            }

            byte[] fixed = seen.poll(20, TimeUnit.SECONDS);
            byte[] rest = seen.poll(20, TimeUnit.SECONDS);
            assertThat(HexFormat.of().formatHex(fixed, 0, 14)).isEqualTo(SIGNATURE + "2111");
            assertThat(InetAddress.getByAddress(Arrays.copyOfRange(rest, 4, 8))).isEqualTo(asked.getAddress());
            assertThat(new String(rest, 15, rest.length - 15, StandardCharsets.US_ASCII))
                    .isEqualTo(nodes.client.spiffeId().toString());
        }
    }
}
