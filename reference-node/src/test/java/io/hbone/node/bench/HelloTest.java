package io.hbone.node.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HelloTest {

    private static ByteBuf bytes(Hello hello) {
        ByteBuf bytes = Unpooled.buffer();
        hello.write(bytes);
        return bytes;
    }

    @Test
    void whatIsWritten_isReadAgain() {
        for (Mode mode : Mode.values()) {
            ByteBuf bytes = bytes(new Hello(mode, 4711));

            assertThat(bytes.readableBytes()).isEqualTo(Hello.LENGTH);
            assertThat(Hello.read(bytes)).isEqualTo(new Hello(mode, 4711));
        }
    }

    @Test
    void anotherProtocol_isShownAsFarAsItCanBePrinted() {
        ByteBuf bytes = Unpooled.copiedBuffer("GET / HTTP/1.1\r\nHost: a", StandardCharsets.US_ASCII);

        assertThatThrownBy(() -> Hello.read(bytes))
                .hasMessage("\"GET / HTTP/1.1..Host: a\" (expected: a client of hbone bench)");
    }

    @Test
    void sizeOutOfRange_isRefused() {
        for (int size : new int[] {-1, Hello.MAX_SIZE + 1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> Hello.read(bytes(new Hello(Mode.ECHO, size))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Hello.read(bytes(new Hello(Mode.SOURCE, 0))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void server_whateverItIsSent_answersOrCloses() {
        Random random = new Random(1);
        for (int run = 0; run < 2000; run++) {
            byte[] noise = new byte[random.nextInt(40)];
            random.nextBytes(noise);
            if (random.nextBoolean()) {
                ByteBuf start = bytes(new Hello(Mode.ONCE, 1 + random.nextInt(10)));
                start.readBytes(noise, 0, Math.min(noise.length, 1 + random.nextInt(Hello.LENGTH)));
                start.release();
            }
            EmbeddedChannel server = new EmbeddedChannel(new HelloDecoder());

            server.writeInbound(Unpooled.wrappedBuffer(noise));
            server.checkException();

            boolean waits = server.isOpen() && server.pipeline().get(HelloDecoder.class) != null;
            assertThat(waits).isEqualTo(noise.length < Hello.LENGTH);
            server.finishAndReleaseAll();
        }
    }

    @Test
    void clientThatSaysNothing_isClosed() {
        EmbeddedChannel server = new EmbeddedChannel(new HelloDecoder());
        server.freezeTime();

        server.advanceTimeBy(HelloDecoder.PATIENCE_SECONDS - 1, TimeUnit.SECONDS);
        server.runScheduledPendingTasks();
        assertThat(server.isOpen()).isTrue();
        server.advanceTimeBy(1, TimeUnit.SECONDS);
        server.runScheduledPendingTasks();

        assertThat(server.isOpen()).isFalse();
    }

    @Test
    void once_sendsBackSoMuch_andCloses() {
        EmbeddedChannel server = new EmbeddedChannel(new HelloDecoder());
        ByteBuf all = bytes(new Hello(Mode.ONCE, 5)).writeBytes("hello, and more".getBytes(StandardCharsets.US_ASCII));

        server.writeInbound(all);

        ByteBuf out = Unpooled.buffer();
        for (ByteBuf part = server.readOutbound(); part != null; part = server.readOutbound()) {
            out.writeBytes(part);
            part.release();
        }
        assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo("HBN1hello");
        assertThat(server.isOpen()).isFalse();
        out.release();
    }
}
