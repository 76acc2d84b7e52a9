package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.netty.tls.ClientHello.Alpn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientHelloTest {
    @ParameterizedTest
    @CsvSource({
        "h2, ACCEPTABLE",
        "http/1.1, WITHOUT_H2",
        "'h2,http/1.1', ACCEPTABLE",
        "'http/1.1,h2', ACCEPTABLE",
        "'http/1.1,acme-tls/1', WITHOUT_H2",
        "H2, WITHOUT_H2",
        "h2c, WITHOUT_H2",
        "h, WITHOUT_H2",
    })
    void h2_must_be_among_what_is_asked_for(String protocols, Alpn expected) {
        assertThat(alpn(records(hello(protocols), 16_384))).isEqualTo(expected);
    }

    @Test
    void none_asked_for_is_acceptable() {
        assertThat(alpn(records(hello(null), 16_384))).isEqualTo(Alpn.ACCEPTABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 50, 100})
    void records_may_cut_it_anywhere(int size) {
        assertThat(alpn(records(hello("http/1.1"), size))).isEqualTo(Alpn.WITHOUT_H2);
        assertThat(alpn(records(hello("h2"), size))).isEqualTo(Alpn.ACCEPTABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 16_384})
    void the_network_may_cut_it_anywhere(int size) {
        byte[] whole = records(hello("http/1.1"), size);
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThat(alpn(part)).as("%d of %d bytes", length, whole.length).isEqualTo(Alpn.INCOMPLETE);
        }
        assertThat(alpn(whole)).isEqualTo(Alpn.WITHOUT_H2);
    }

    @Test
    void what_follows_it_does_not_matter() {
        byte[] whole = records(hello("http/1.1"), 16_384);
        byte[] more = Arrays.copyOf(whole, whole.length + 1000);

        assertThat(alpn(more)).isEqualTo(Alpn.WITHOUT_H2);
    }

    @Test
    void other_content_is_left_to_the_library() {
        byte[] alert = {21, 3, 3, 0, 2, 2, 40};
        byte[] serverHello = records(hello("http/1.1"), 16_384);
        serverHello[5] = 2;
        byte[] empty = {22, 3, 1, 0, 0};
        byte[] tooLong = {22, 3, 1, 0, 4, 1, 1, 0, 0};

        assertThat(alpn(alert)).isEqualTo(Alpn.ACCEPTABLE);
        assertThat(alpn(serverHello)).isEqualTo(Alpn.ACCEPTABLE);
        assertThat(alpn(empty)).isEqualTo(Alpn.ACCEPTABLE);
        assertThat(alpn(tooLong)).isEqualTo(Alpn.ACCEPTABLE);
    }

    @Test
    void nothing_is_taken() {
        ByteBuf in = Unpooled.wrappedBuffer(new byte[3], records(hello("h2"), 10));
        in.skipBytes(3);
        int before = in.readableBytes();

        assertThat(ClientHello.alpn(in)).isEqualTo(Alpn.ACCEPTABLE);
        assertThat(in.readableBytes()).isEqualTo(before);
    }

    @Test
    void no_bytes_make_it_fail() {
        Random random = new Random(42);
        for (int i = 0; i < 200_000; i++) {
            byte[] in = records(hello(random.nextBoolean() ? "h2" : "http/1.1"), 1 + random.nextInt(200));
            int changes = random.nextInt(4);
            for (int change = 0; change <= changes; change++) {
                in[random.nextInt(in.length)] = (byte) random.nextInt();
            }
            byte[] part = Arrays.copyOf(in, random.nextInt(in.length + 1));
            assertThat(alpn(part)).isNotNull();
        }
    }

    private static Alpn alpn(byte[] in) {
        return ClientHello.alpn(Unpooled.wrappedBuffer(in));
    }

    /** RFC 8446 section 4.1.2, with one extension before and one after ALPN. */
    private static byte[] hello(@Nullable String protocols) {
        ByteArrayOutputStream extensions = new ByteArrayOutputStream();
        extension(extensions, 43, new byte[] {2, 3, 4});
        if (protocols != null) {
            ByteArrayOutputStream names = new ByteArrayOutputStream();
            for (String protocol : protocols.split(",")) {
                vector(names, 1, protocol.getBytes(StandardCharsets.US_ASCII));
            }
            ByteArrayOutputStream list = new ByteArrayOutputStream();
            vector(list, 2, names.toByteArray());
            extension(extensions, 16, list.toByteArray());
        }
        extension(extensions, 51, new byte[38]);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(new byte[] {3, 3});
        body.writeBytes(new byte[32]);
        vector(body, 1, new byte[32]);
        vector(body, 2, new byte[] {0x13, 1, 0x13, 2});
        vector(body, 1, new byte[1]);
        vector(body, 2, extensions.toByteArray());
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.write(1);
        vector(message, 3, body.toByteArray());
        return message.toByteArray();
    }

    private static void extension(ByteArrayOutputStream out, int type, byte[] content) {
        out.write(type >> 8);
        out.write(type);
        vector(out, 2, content);
    }

    private static void vector(ByteArrayOutputStream out, int lengthBytes, byte[] content) {
        for (int shift = (lengthBytes - 1) * 8; shift >= 0; shift -= 8) {
            out.write(content.length >> shift);
        }
        out.writeBytes(content);
    }

    private static byte[] records(byte[] message, int size) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int at = 0; at < message.length; at += size) {
            int length = Math.min(size, message.length - at);
            out.writeBytes(new byte[] {22, 3, 1});
            out.write(length >> 8);
            out.write(length);
            out.write(message, at, length);
        }
        return out.toByteArray();
    }
}
