package io.hbone.netty.h2;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.Forwarded;
import io.hbone.core.TraceParent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The head of a tunnelled connection as HTTP/2 headers: RFC 9113 section 8.5 and what Istio adds. */
public final class ConnectHeaders {

    private static final AsciiString CONNECT = HttpMethod.CONNECT.asciiName();
    private static final AsciiString BAGGAGE = AsciiString.cached("baggage");
    private static final AsciiString FORWARDED = AsciiString.cached("forwarded");
    private static final AsciiString TRACE_PARENT = AsciiString.cached("traceparent");
    private static final AsciiString ORIGIN_NETWORK = AsciiString.cached("x-forwarded-network");
    private static final AsciiString OK = AsciiString.cached("200");

    private ConnectHeaders() {}

    /** What was read of a request: {@code request} is null when it is not a valid CONNECT, and {@code problem} says why. */
    public record Parsed(@Nullable ConnectRequest request, String problem) {}

    /** The headers of a request. */
    public static Http2Headers request(ConnectRequest request) {
        Http2Headers headers = new DefaultHttp2Headers(false, 8);
        headers.method(CONNECT);
        headers.authority(request.authority().toString());
        String baggage = request.baggage().header();
        if (!baggage.isEmpty()) {
            headers.set(BAGGAGE, baggage);
        }
        String forwarded = request.forwarded().header();
        if (!forwarded.isEmpty()) {
            headers.set(FORWARDED, forwarded);
        }
        headers.set(TRACE_PARENT, request.traceParent().header());
        if (request.originNetwork() != null) {
            headers.set(ORIGIN_NETWORK, request.originNetwork());
        }
        return headers;
    }

    /**
     * Reads a request. What only describes the source is read leniently.
     *
     * @param random for a trace parent when the peer sent none
     * @param tolerated told what was wrong and survived
     */
    public static Parsed parse(Http2Headers headers, RandomGenerator random, Consumer<String> tolerated) {
        CharSequence method = headers.method();
        if (method == null || !CONNECT.contentEquals(method)) {
            return new Parsed(null, "method: " + method + " (expected: CONNECT)");
        }
        if (headers.path() != null || headers.scheme() != null) {
            return new Parsed(null, "CONNECT with :path or :scheme (expected: neither, RFC 9113 section 8.5)");
        }
        CharSequence target = headers.authority();
        if (target == null) {
            return new Parsed(null, ":authority: missing (expected: host:port)");
        }
        Authority authority;
        try {
            authority = Authority.parse(target.toString());
        } catch (IllegalArgumentException e) {
            return new Parsed(null, ":authority: " + e.getMessage());
        }
        Baggage.Parsed baggage = Baggage.parse(headers.getAll(BAGGAGE));
        if (baggage.malformed() > 0) {
            tolerated.accept("baggage with " + baggage.malformed() + " malformed entries");
        }
        CharSequence forwarded = headers.get(FORWARDED);
        TraceParent trace = TraceParent.parse(headers.get(TRACE_PARENT));
        CharSequence network = headers.get(ORIGIN_NETWORK);
        return new Parsed(
                new ConnectRequest(
                        authority,
                        baggage.baggage(),
                        forwarded == null ? Forwarded.NONE : Forwarded.parse(forwarded.toString()),
                        trace != null ? trace : TraceParent.random(random),
                        network == null ? null : network.toString()),
                "");
    }

    /** The answer to a request that is served; {@code self} describes the destination, or is {@link Baggage#EMPTY}. */
    public static Http2Headers ok(Baggage self) {
        Http2Headers headers = new DefaultHttp2Headers(false, 4).status(OK);
        String baggage = self.header();
        if (!baggage.isEmpty()) {
            headers.set(BAGGAGE, baggage);
        }
        return headers;
    }

    /** The answer to a request that is not served. */
    public static Http2Headers status(int status) {
        return new DefaultHttp2Headers(false, 2).status(AsciiString.of(Integer.toString(status)));
    }

    /** The status of an answer, or 0 when it has none that is a number. */
    public static int statusOf(Http2Headers headers) {
        CharSequence status = headers.status();
        if (status == null || status.length() != 3) {
            return 0;
        }
        int value = 0;
        for (int i = 0; i < 3; i++) {
            int digit = status.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return 0;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /** What the peer says of itself in its answer. */
    public static Baggage baggageOf(Http2Headers headers) {
        return Baggage.parse(headers.getAll(BAGGAGE)).baggage();
    }

    static boolean isInformational(Http2Headers headers) {
        int status = statusOf(headers);
        return status >= 100 && status < 200;
    }

    /** Headers that differ with each connection: kept out of the HPACK table, where they would only push out others. */
    static boolean isPerConnection(CharSequence name) {
        return TRACE_PARENT.contentEquals(name) || FORWARDED.contentEquals(name);
    }
}
