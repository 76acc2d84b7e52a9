package io.hbone.node.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a stranger on the wire can tell of one direction of a TLS connection (RFC 8446, 5.1 and 4.1.3).
 *
 * @param version what the server chose, such as {@code TLSv1.3}; null in the client's direction
 * @param cipherSuite likewise
 * @param group the key exchange, likewise
 * @param protectedRecords records of application data, in which TLS 1.3 hides everything after the hellos
 * @param problem why these bytes are not a TLS 1.3 direction, or null
 */
record TlsRecords(
        @Nullable String version,
        @Nullable String cipherSuite,
        @Nullable String group,
        int protectedRecords,
        @Nullable String problem) {

    private static final int HEADER = 5;
    private static final int MAX_LENGTH = 16384 + 256;

    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;

    private static final int CLIENT_HELLO = 1;
    private static final int SERVER_HELLO = 2;

    private static final int SUPPORTED_VERSIONS = 43;
    private static final int KEY_SHARE = 51;

    /** Version, random; the length of the session id follows. */
    private static final int SESSION_ID_AT = HEADER + 4 + 2 + 32;

    /** Reads what was captured so far; a record may still be on its way. */
    static TlsRecords of(byte[] bytes) {
        @Nullable TlsRecords hello = null;
        int protectedRecords = 0;
        for (int at = 0; at + HEADER <= bytes.length; ) {
            int type = bytes[at] & 0xff;
            int length = u16(bytes, at + 3);
            int minor = bytes[at + 2] & 0xff;
            // 1 in the first hello alone, for servers that know no better.
            if (bytes[at + 1] != 3 || (minor != 3 && !(minor == 1 && at == 0)) || length > MAX_LENGTH) {
                return broken("no TLS record at byte " + at);
            }
            if (at + HEADER + length > bytes.length) {
                break;
            }
            if (type == APPLICATION_DATA && hello != null) {
                protectedRecords++;
            } else if (type == HANDSHAKE && protectedRecords == 0) {
                hello = hello(bytes, at, length);
                if (hello.problem != null) {
                    return hello;
                }
            } else if (type != CHANGE_CIPHER_SPEC || hello == null) {
                return broken("a record of type " + type + " in the clear at byte " + at);
            }
            at += HEADER + length;
        }
        return hello == null
                ? broken("no hello")
                : new TlsRecords(hello.version, hello.cipherSuite, hello.group, protectedRecords, null);
    }

    private static TlsRecords hello(byte[] bytes, int at, int length) {
        int message = length < 4 ? -1 : bytes[at + HEADER] & 0xff;
        if (message == CLIENT_HELLO) {
            return new TlsRecords(null, null, null, 0, null);
        }
        if (message != SERVER_HELLO) {
            return broken("a handshake message of type " + message + " in the clear at byte " + at);
        }
        int end = at + HEADER + length;
        int cipherAt = at + SESSION_ID_AT + 1 + (at + SESSION_ID_AT < end ? bytes[at + SESSION_ID_AT] & 0xff : 0);
        int extensionsAt = cipherAt + 2 + 1 + 2;
        if (extensionsAt > end) {
            return broken("a server hello without extensions, so TLS 1.2 or older");
        }
        String version = "TLSv1.2 or older";
        String group = null;
        for (int next = extensionsAt; next + 4 <= end; next += 4 + u16(bytes, next + 2)) {
            int extension = u16(bytes, next);
            if (next + 6 > end) {
                break;
            } else if (extension == SUPPORTED_VERSIONS) {
                version = u16(bytes, next + 4) == 0x0304 ? "TLSv1.3" : "version " + u16(bytes, next + 4);
            } else if (extension == KEY_SHARE) {
                group = group(u16(bytes, next + 4));
            }
        }
        return new TlsRecords(version, cipherSuite(u16(bytes, cipherAt)), group, 0, null);
    }

    private static TlsRecords broken(String problem) {
        return new TlsRecords(null, null, null, 0, problem);
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static String cipherSuite(int code) {
        return switch (code) {
            case 0x1301 -> "TLS_AES_128_GCM_SHA256";
            case 0x1302 -> "TLS_AES_256_GCM_SHA384";
            case 0x1303 -> "TLS_CHACHA20_POLY1305_SHA256";
            default -> "0x" + Integer.toHexString(code);
        };
    }

    private static String group(int code) {
        return switch (code) {
            case 0x17 -> "P-256";
            case 0x18 -> "P-384";
            case 0x1d -> "X25519";
            case 0x11ec -> "X25519MLKEM768";
            default -> "0x" + Integer.toHexString(code);
        };
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        if (version != null) {
            map.put("version", version);
        }
        if (cipherSuite != null) {
            map.put("cipherSuite", cipherSuite);
        }
        if (group != null) {
            map.put("group", group);
        }
        map.put("protectedRecords", protectedRecords);
        if (problem != null) {
            map.put("problem", problem);
        }
        return map;
    }

    static TlsRecords of(Reading map) {
        return new TlsRecords(
                map.textOrNull("version"),
                map.textOrNull("cipherSuite"),
                map.textOrNull("group"),
                (int) map.number("protectedRecords"),
                map.textOrNull("problem"));
    }
}
