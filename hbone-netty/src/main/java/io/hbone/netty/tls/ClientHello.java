package io.hbone.netty.tls;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Looks at the first thing that a client sends (RFC 8446 section 4.1.2) for one answer: does it ask for protocols, and is h2
 * among them? Reads without taking. Whatever is malformed is left to the TLS library, which knows the right alert for it.
 */
final class ClientHello {
    /** What is known so far. */
    enum Alpn {
        /** More bytes are needed. */
        INCOMPLETE,
        /** Asks for h2, or for nothing; or is not a well-formed ClientHello. */
        ACCEPTABLE,
        /** Asks, and not for h2. */
        WITHOUT_H2
    }

    private static final int RECORD_HEADER = 5;
    private static final int CONTENT_HANDSHAKE = 22;
    private static final int MESSAGE_HEADER = 4;
    private static final int MESSAGE_CLIENT_HELLO = 1;
    private static final int EXTENSION_ALPN = 16;
    private static final byte[] H2 = TlsEndpoint.ALPN.getBytes(StandardCharsets.US_ASCII);

    /** BoringSSL takes no longer one. */
    private static final int MAX_MESSAGE = 16_384;

    private ClientHello() {}

    /** @param in from the beginning of the connection; not changed */
    static Alpn alpn(ByteBuf in) {
        byte[] message = new byte[Math.min(in.readableBytes(), MESSAGE_HEADER + MAX_MESSAGE)];
        int length = 0;
        int at = in.readerIndex();
        int needed = MESSAGE_HEADER;
        // The message may be spread over several records.
        while (length < needed) {
            int available = in.writerIndex() - at;
            if (available >= 1 && in.getUnsignedByte(at) != CONTENT_HANDSHAKE) {
                return Alpn.ACCEPTABLE;
            }
            if (available < RECORD_HEADER) {
                return Alpn.INCOMPLETE;
            }
            int recordLength = in.getUnsignedShort(at + 3);
            if (recordLength == 0) {
                return Alpn.ACCEPTABLE;
            }
            int part = Math.min(Math.min(recordLength, available - RECORD_HEADER), message.length - length);
            in.getBytes(at + RECORD_HEADER, message, length, part);
            length += part;
            at += RECORD_HEADER + recordLength;
            if (length >= 1 && message[0] != MESSAGE_CLIENT_HELLO) {
                return Alpn.ACCEPTABLE;
            }
            if (length >= MESSAGE_HEADER) {
                needed = MESSAGE_HEADER + medium(message, 1);
                if (needed > MESSAGE_HEADER + MAX_MESSAGE) {
                    return Alpn.ACCEPTABLE;
                }
            }
            if (part < recordLength && length < needed) {
                return Alpn.INCOMPLETE;
            }
        }
        ByteBuffer body = ByteBuffer.wrap(message, MESSAGE_HEADER, needed - MESSAGE_HEADER);
        return asksForOthersOnly(body) ? Alpn.WITHOUT_H2 : Alpn.ACCEPTABLE;
    }

    private static boolean asksForOthersOnly(ByteBuffer hello) {
        // legacy_version, random, legacy_session_id, cipher_suites, legacy_compression_methods
        boolean whole = skip(hello, 2 + 32)
                && skipVector(hello, 1)
                && skipVector(hello, 2)
                && skipVector(hello, 1)
                && skip(hello, 2);
        while (whole && hello.remaining() >= 4) {
            int type = hello.getShort() & 0xffff;
            int length = hello.getShort() & 0xffff;
            if (length > hello.remaining()) {
                return false;
            }
            if (type == EXTENSION_ALPN) {
                return !names(hello.slice().limit(length));
            }
            whole = skip(hello, length);
        }
        return false;
    }

    /** Whether h2 is in the list, or the list is malformed. */
    private static boolean names(ByteBuffer list) {
        if (!skip(list, 2) || !list.hasRemaining()) {
            return true;
        }
        while (list.hasRemaining()) {
            int length = list.get() & 0xff;
            if (length == 0 || length > list.remaining()) {
                return true;
            }
            byte[] name = new byte[length];
            list.get(name);
            if (Arrays.equals(name, H2)) {
                return true;
            }
        }
        return false;
    }

    private static boolean skipVector(ByteBuffer in, int lengthBytes) {
        if (in.remaining() < lengthBytes) {
            return false;
        }
        int length = lengthBytes == 1 ? in.get() & 0xff : in.getShort() & 0xffff;
        return skip(in, length);
    }

    private static boolean skip(ByteBuffer in, int bytes) {
        if (in.remaining() < bytes) {
            return false;
        }
        in.position(in.position() + bytes);
        return true;
    }

    private static int medium(byte[] in, int at) {
        return (in[at] & 0xff) << 16 | (in[at + 1] & 0xff) << 8 | (in[at + 2] & 0xff);
    }
}
