package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Baggage;
import io.hbone.core.HboneSettings;
import io.hbone.netty.testing.Programs;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The conformance suite h2spec, strict, against a tunnel that answers any request with a small body. */
@Tag("peer")
class H2SpecTest {

    private static final String NOT_ITS_JOB =
            "about requests that are no CONNECT: a tunnel leaves the head to its owner, which answers 400 (ConnectHeaders.parse)";
    private static final String NO_CONTENT =
            "a CONNECT has no content, so its length means nothing (RFC 9113 section 8.5)";

    /** Cases that do not apply, each with the reason. */
    private static final Map<String, String> NOT_APPLICABLE = Map.of(
            "http2/8.1.2.3: Sends a HEADERS frame that omits \":method\" pseudo-header field",
            NOT_ITS_JOB,
            "http2/8.1.2.3: Sends a HEADERS frame that omits \":scheme\" pseudo-header field",
            NOT_ITS_JOB,
            "http2/8.1.2.3: Sends a HEADERS frame that omits \":path\" pseudo-header field",
            NOT_ITS_JOB,
            "http2/8.1.2.6: Sends a HEADERS frame with the \"content-length\" header field which does not equal the DATA "
                    + "frame payload length",
            NO_CONTENT,
            "http2/8.1.2.6: Sends a HEADERS frame with the \"content-length\" header field which does not equal the sum of "
                    + "the multiple DATA frames payload length",
            NO_CONTENT);

    private static final byte[] BODY = "what h2spec wants to see in DATA frames\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path directory;

    private static final class Answering implements TunnelEvents {
        @Override
        public void incoming(TunnelStream stream, Http2Headers request) {
            stream.respond(ConnectHeaders.ok(Baggage.EMPTY), false);
            stream.write(Unpooled.directBuffer().writeBytes(BODY));
            stream.end();
        }
    }

    @Test
    void server_h2spec_passesAllThatAppliesToATunnel() throws Exception {
        Path h2spec = Programs.optional("H2SPEC_BIN", "h2spec");
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            Channel listener = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline()
                                    .addLast(Tunnel.server(
                                            HboneSettings.DEFAULT, new WindowBudget(1 << 20), new Answering()));
                        }
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            Path report = directory.resolve("report.xml");
            Programs.Result result = Programs.run(
                    directory,
                    Duration.ofMinutes(5),
                    List.of(
                            h2spec.toString(),
                            "--strict",
                            "-h",
                            "127.0.0.1",
                            "-p",
                            Integer.toString(port),
                            "-j",
                            report.toString()));
            Map<String, String> failed = new TreeMap<>();
            List<String> passed = new ArrayList<>();
            List<String> skipped = new ArrayList<>();
            read(report, passed, skipped, failed);
            System.out.println(
                    "h2spec: " + passed.size() + " passed, skipped " + skipped + ", failed " + failed.keySet());
            failed.keySet().removeAll(NOT_APPLICABLE.keySet());
            assertThat(failed).as(result.output()).isEmpty();
            assertThat(passed).hasSizeGreaterThan(140);
            assertThat(skipped).isEmpty();
            assertThat(passed).as("cases that pass after all").doesNotContainAnyElementsOf(NOT_APPLICABLE.keySet());
        } finally {
            group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static void read(Path report, List<String> passed, List<String> skipped, Map<String, String> failed)
            throws Exception {
        NodeList cases = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(report.toFile())
                .getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            Element each = (Element) cases.item(i);
            String name = each.getAttribute("package") + ": " + each.getAttribute("classname");
            NodeList problems = each.getElementsByTagName("failure");
            NodeList errors = each.getElementsByTagName("error");
            if (problems.getLength() > 0 || errors.getLength() > 0) {
                failed.put(
                        name,
                        (problems.getLength() > 0 ? problems : errors)
                                .item(0)
                                .getTextContent()
                                .strip());
            } else if (each.getElementsByTagName("skipped").getLength() > 0) {
                skipped.add(name);
            } else {
                passed.add(name);
            }
        }
    }
}
