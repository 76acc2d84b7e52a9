package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.ConnectRequest;
import io.hbone.core.Forwarded;
import io.hbone.core.TraceParent;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectHeadersTest {

    private static final TraceParent TRACE = new TraceParent(1, 2, 3, 1);

    private final List<String> tolerated = new ArrayList<>();

    private ConnectHeaders.Parsed parse(Http2Headers headers) {
        return ConnectHeaders.parse(headers, new SplittableRandom(1), tolerated::add);
    }

    private static Http2Headers connect(String authority) {
        return new DefaultHttp2Headers(false).method("CONNECT").authority(authority);
    }

    @Test
    void request_saysNothingThatIsEmpty() {
        Http2Headers headers = ConnectHeaders.request(ConnectRequest.to(Authority.of("::1", 80), TRACE));
        assertThat(headers.names()).map(CharSequence::toString).containsExactly(":method", ":authority", "traceparent");
        assertThat(headers.authority()).hasToString("[::1]:80");
    }

    @Test
    void request_readsBackEqual() {
        ConnectRequest request = new ConnectRequest(
                Authority.of("10.0.0.1", 8080),
                Baggage.parse(List.of("k8s.namespace.name=default,k8s.pod.name=a"))
                        .baggage(),
                Forwarded.parse("for=10.0.0.2"),
                TRACE,
                "network-1");
        ConnectHeaders.Parsed parsed = parse(ConnectHeaders.request(request));
        assertThat(parsed.request()).isEqualTo(request);
        assertThat(tolerated).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "POST", "connect", "CONNECTX", ""})
    void parse_methodOtherThanConnect_isAProblem(String method) {
        Http2Headers headers = new DefaultHttp2Headers(false).method(method).authority("10.0.0.1:80");
        assertThat(parse(headers).request()).isNull();
        assertThat(parse(headers).problem()).contains("method", "expected: CONNECT");
    }

    @Test
    void parse_noMethod_isAProblem() {
        assertThat(parse(new DefaultHttp2Headers(false).authority("a:1")).problem())
                .contains("method: null");
    }

    @ParameterizedTest
    @CsvSource({":path, /", ":scheme, https"})
    void parse_pathOrScheme_isAProblem(String name, String value) {
        assertThat(parse(connect("a:1").add(name, value)).problem()).contains("RFC 9113 section 8.5");
    }

    @Test
    void parse_noAuthority_isAProblem() {
        assertThat(parse(new DefaultHttp2Headers(false).method("CONNECT")).problem())
                .contains(":authority: missing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.1",
                "10.0.0.1:",
                ":80",
                "10.0.0.1:0",
                "10.0.0.1:65536",
                "::1:80",
                "[::1]",
                "a b:1",
                "user@a:1",
                "http://a:1",
                "10.0.0.1:80/",
                "10.0.0.1:+80"
            })
    void parse_malformedAuthority_isAProblemThatShowsIt(String authority) {
        ConnectHeaders.Parsed parsed = parse(connect(authority));
        assertThat(parsed.request()).isNull();
        assertThat(parsed.problem()).startsWith(":authority: ");
    }

    @Test
    void parse_whatOnlyDescribes_isTolerated() {
        Http2Headers headers = connect("10.0.0.1:80")
                .add("baggage", "=,;;,%%%")
                .add("forwarded", "for=\"broken")
                .add("traceparent", "not-a-trace");
        ConnectHeaders.Parsed parsed = parse(headers);
        assertThat(parsed.request()).isNotNull();
        assertThat(parsed.request().traceParent()).isNotNull();
        assertThat(tolerated).hasSize(1).first().asString().contains("baggage");
    }

    @Test
    void parse_noTrace_makesOneUp() {
        assertThat(parse(connect("a:1")).request().traceParent())
                .isEqualTo(TraceParent.random(new SplittableRandom(1)));
    }

    @Test
    void ok_describesTheDestinationIfItCan() {
        assertThat(ConnectHeaders.ok(Baggage.EMPTY)).hasSize(1);
        Http2Headers headers =
                ConnectHeaders.ok(Baggage.parse(List.of("k8s.pod.name=b")).baggage());
        assertThat(ConnectHeaders.statusOf(headers)).isEqualTo(200);
        assertThat(ConnectHeaders.baggageOf(headers).header()).contains("k8s.pod.name=b");
    }

    @ParameterizedTest
    @CsvSource({"200, 200", "503, 503", "000, 0", "20, 0", "2000, 0", "2x0, 0", "'', 0", "-20, 0", "２００, 0"})
    void statusOf_anythingButThreeDigits_isZero(String status, int expected) {
        assertThat(ConnectHeaders.statusOf(new DefaultHttp2Headers(false).status(status)))
                .isEqualTo(expected);
        assertThat(ConnectHeaders.statusOf(new DefaultHttp2Headers(false))).isZero();
    }

    @Test
    void status_readsBackEqual() {
        for (int status = 100; status <= 599; status++) {
            assertThat(ConnectHeaders.statusOf(ConnectHeaders.status(status))).isEqualTo(status);
        }
    }
}
