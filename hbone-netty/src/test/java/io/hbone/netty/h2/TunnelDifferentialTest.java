package io.hbone.netty.h2;

import static io.hbone.netty.testing.Http2Peer.INITIAL_WINDOW_SIZE;
import static io.hbone.netty.testing.Http2Peer.concat;
import static io.hbone.netty.testing.Http2Peer.connect;
import static io.hbone.netty.testing.Http2Peer.data;
import static io.hbone.netty.testing.Http2Peer.dataEnd;
import static io.hbone.netty.testing.Http2Peer.frame;
import static io.hbone.netty.testing.Http2Peer.headers;
import static io.hbone.netty.testing.Http2Peer.padded;
import static io.hbone.netty.testing.Http2Peer.ping;
import static io.hbone.netty.testing.Http2Peer.preface;
import static io.hbone.netty.testing.Http2Peer.reset;
import static io.hbone.netty.testing.Http2Peer.settings;
import static io.hbone.netty.testing.Http2Peer.settingsAck;
import static io.hbone.netty.testing.Http2Peer.windowUpdate;
import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.Http2Peer;
import io.hbone.netty.testing.TunnelRecorder;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStreamException;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Netty's own codec (Http2ConnectionDecoder) as the reference: of the same frames, both servers refuse the same and with the same
 * codes. Left out are HEADERS after a CONNECT, which Netty takes for trailers (netty#17440).
 */
class TunnelDifferentialTest {

    private static final HboneSettings SETTINGS = HboneSettings.builder()
            .initialStreamWindow(65_535)
            .maxStreamWindow(65_535)
            .connectionWindow(1 << 20)
            .build();

    /** Answers every request with 200, as the tunnel does. */
    private static final class Answering extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object frame) {
            if (frame instanceof Http2HeadersFrame request) {
                ctx.writeAndFlush(
                        new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")).stream(request.stream()));
            }
            ReferenceCountUtil.release(frame);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (cause instanceof Http2FrameStreamException e) { // the codec leaves it to its user to reset
                ctx.writeAndFlush(new DefaultHttp2ResetFrame(e.error()).stream(e.stream()));
            }
        }
    }

    @Test
    void anyFrames_againstNettysCodec_areJudgedAlike() {
        int refused = 0;
        for (long seed = 0; seed < 300; seed++) {
            List<byte[]> frames = frames(seed);
            List<String> expected = judge(nettys(), frames);
            assertThat(judge(ours(), frames)).as("seed " + seed).isEqualTo(expected);
            refused += expected.isEmpty() ? 0 : 1;
        }
        assertThat(refused).as("sequences in which something was refused").isGreaterThan(100);
    }

    private static Http2Peer ours() {
        return Http2Peer.ofServer(Tunnel.server(SETTINGS, new WindowBudget(0), new TunnelRecorder()));
    }

    private static Http2Peer nettys() {
        Http2Peer peer = Http2Peer.ofServer(Http2FrameCodecBuilder.forServer()
                .initialSettings(Http2Settings.defaultSettings())
                .build());
        peer.channel().pipeline().addLast(new Answering());
        return peer;
    }

    /** What was refused, in order, up to the end of the connection. */
    private static List<String> judge(Http2Peer peer, List<byte[]> frames) {
        try (peer) {
            List<String> refusals = new ArrayList<>();
            Set<String> reset = new HashSet<>();
            peer.send(preface(), settings(), settingsAck());
            for (byte[] frame : frames) {
                if (!peer.channel().isOpen()) {
                    break;
                }
                peer.send(frame);
                for (String answer : peer.answers()) {
                    if (answer.startsWith("GOAWAY")) {
                        refusals.add("connection " + answer.substring(answer.lastIndexOf(' ') + 1));
                        return refusals;
                    }
                    if (answer.startsWith("RST_STREAM")
                            && reset.add(answer.split(" ")[1])) { // Netty answers what comes after a reset with another
                        refusals.add(answer);
                    }
                }
            }
            return refusals;
        }
    }

    private static List<byte[]> frames(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> frames = new ArrayList<>();
        int next = 1;
        for (int i = 0; i < 14; i++) {
            int id = next > 1 ? 1 + 2 * random.nextInt(next / 2) : 1;
            switch (random.nextInt(22)) {
                case 0, 1, 2, 3, 4 -> {
                    frames.add(
                            random.nextInt(8) == 0
                                    ? headers(next, true, ":method", "CONNECT", ":authority", "a:1")
                                    : connect(next));
                    next += 2;
                }
                case 5 -> next += 2 * random.nextInt(2); // ids may be left out
                case 6, 7, 8 -> frames.add(data(id, random.nextInt(100)));
                case 9, 10 -> frames.add(dataEnd(id, random.nextInt(100)));
                case 11 -> frames.add(padded(id, random.nextInt(50), random.nextInt(50), random.nextInt(2)));
                case 12, 13 -> frames.add(reset(id, random.nextBoolean() ? Http2Error.CANCEL : Http2Error.NO_ERROR));
                case 14, 15 -> frames.add(windowUpdate(id, random.nextInt(1000)));
                case 16 -> frames.add(windowUpdate(0, random.nextInt(1 << 20)));
                case 17 -> frames.add(settings(INITIAL_WINDOW_SIZE, random.nextInt(1 << 17)));
                case 18 -> frames.add(ping(random.nextLong()));
                case 19 -> frames.add(frame(Http2FrameTypes.PRIORITY, 0, id, new byte[5]));
                case 20 -> frames.add(frame(0x40 + random.nextInt(10), random.nextInt(256), id, new byte[7]));
                default ->
                    frames.add(
                            switch (random.nextInt(6)) {
                                case 0 -> data(next + 2, 1);
                                case 1 -> windowUpdate(next, 1);
                                case 2 -> reset(next, Http2Error.CANCEL);
                                case 3 -> windowUpdate(id, Integer.MAX_VALUE);
                                case 4 -> connect(2);
                                default -> concat(windowUpdate(0, Integer.MAX_VALUE));
                            });
            }
        }
        return frames;
    }
}
