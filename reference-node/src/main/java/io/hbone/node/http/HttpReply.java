package io.hbone.node.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A response.
 *
 * @param contentType empty for no body
 * @param headers in addition to those for type, length and connection
 */
public record HttpReply(int status, String contentType, byte[] body, Map<String, String> headers) {

    public HttpReply {
        headers = Map.copyOf(headers);
    }

    /** A status and nothing else. */
    public static HttpReply empty(int status) {
        return new HttpReply(status, "", new byte[0], Map.of());
    }

    /** Plain text. */
    public static HttpReply text(int status, String body) {
        return of(status, "text/plain; charset=utf-8", body);
    }

    /** Text of some type, in UTF-8. */
    public static HttpReply of(int status, String contentType, String body) {
        return new HttpReply(status, contentType, body.getBytes(StandardCharsets.UTF_8), Map.of());
    }
}
