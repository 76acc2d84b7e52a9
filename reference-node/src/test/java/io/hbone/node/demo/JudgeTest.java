package io.hbone.node.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.hbone.node.demo.Evidence.NodeView;
import io.hbone.node.demo.Flow.Half;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Good evidence holds, and each single flaw in it is found: so the demo cannot say what is not so. */
class JudgeTest {
    private static final String CIPHER = "TLS_AES_128_GCM_SHA256";
    private static final String WEB_ID = Pod.WEB.identity().toString();
    private static final String SHOP_ID = Pod.SHOP.identity().toString();
    private static final String CLIENT = "10.0.0.1";
    private static final String DIALLED = "10.0.0.2:8080";
    private static final String TUNNEL_PORT = "10.0.0.2:15008";
    private static final NodeView NOTHING = new NodeView(List.of(), List.of());

    private static final Exchange EXCHANGE = new Exchange(100, "aa", 100, "aa", 10, null);
    private static final Served SERVED = new Served(CLIENT, 100, "aa", 100);
    private static final Half CLIENT_TLS = new Half(150, 0, 0, new TlsRecords(null, null, null, 3, null));
    private static final Half SERVER_TLS =
            new Half(150, 0, 0, new TlsRecords("TLSv1.3", CIPHER, "X25519MLKEM768", 3, null));
    private static final Half PLAIN = new Half(100, 2, 0, new TlsRecords(null, null, null, 0, "no TLS record"));

    private static Row row(Passage passage) {
        return Row.ALL.get(passage.ordinal());
    }

    private static Evidence good(Passage passage) {
        boolean tunnel = passage == Passage.TUNNEL;
        Flow flow = tunnel
                ? new Flow(CLIENT + ":5000", TUNNEL_PORT, CLIENT_TLS, SERVER_TLS)
                : new Flow(CLIENT + ":5000", DIALLED, PLAIN, PLAIN);
        NodeView web =
                switch (passage) {
                    case TUNNEL -> view(true, DIALLED, WEB_ID, new TunnelSighting(true, TUNNEL_PORT, SHOP_ID, CIPHER));
                    case PASSTHROUGH -> view(true, null, null);
                    case PLAINTEXT, UNTOUCHED -> NOTHING;
                };
        NodeView shop =
                switch (passage) {
                    case TUNNEL ->
                        view(false, DIALLED, WEB_ID, new TunnelSighting(false, CLIENT + ":5000", WEB_ID, CIPHER));
                    case PLAINTEXT -> view(false, null, null);
                    case PASSTHROUGH, UNTOUCHED -> NOTHING;
                };
        return new Evidence(
                CLIENT,
                DIALLED,
                tunnel ? TUNNEL_PORT : DIALLED,
                true,
                List.of(EXCHANGE),
                List.of(SERVED),
                List.of(flow),
                web,
                shop);
    }

    private static NodeView view(boolean outbound, String target, String identity, TunnelSighting... tunnels) {
        String destination = target == null ? DIALLED : TUNNEL_PORT;
        return new NodeView(
                List.of(new Sighting(outbound, CLIENT + ":4000", destination, target, identity, 100, 100, null)),
                List.of(tunnels));
    }

    @ParameterizedTest
    @EnumSource
    void evidenceAsItShouldBe_holds(Passage passage) {
        assertThat(Judge.judge(row(passage), good(passage))).isNotEmpty().allMatch(Check::held);
    }

    /** Names the flaw, and says which passages it spoils. */
    private static Arguments flaw(String name, List<Passage> passages, UnaryOperator<Evidence> spoil) {
        return arguments(name, passages, spoil);
    }

    private static Stream<Arguments> flaws() {
        List<Passage> all = List.of(Passage.values());
        List<Passage> tunnel = List.of(Passage.TUNNEL);
        List<Passage> plain = List.of(Passage.PASSTHROUGH, Passage.PLAINTEXT, Passage.UNTOUCHED);
        Flow tls = new Flow(CLIENT + ":5000", TUNNEL_PORT, CLIENT_TLS, SERVER_TLS);
        return Stream.of(
                flaw("somebody else's connection crossed", all, e -> {
                    Flow seen = e.flows().get(0);
                    return flows(e, new Flow("10.0.0.9:1", e.onTheWire(), seen.there(), seen.back()));
                }),
                flaw("no exchange", all, e -> exchanges(e)),
                flaw("a byte is missing", all, e -> exchanges(e, new Exchange(100, "aa", 99, "aa", 10, null))),
                flaw("other bytes came back", all, e -> exchanges(e, new Exchange(100, "aa", 100, "bb", 10, null))),
                flaw("the client failed", all, e -> exchanges(e, new Exchange(100, "aa", 100, "aa", 10, "reset"))),
                flaw("nobody was served", all, e -> served(e)),
                flaw("other bytes were served", all, e -> served(e, new Served(CLIENT, 100, "bb", 100))),
                flaw("the service saw a stranger", all, e -> served(e, new Served("10.0.0.9", 100, "aa", 100))),
                flaw("nothing crossed the wire", all, e -> flows(e)),
                flaw(
                        "something else crossed, too",
                        all,
                        e -> flows(e, e.flows().get(0), new Flow("10.0.0.1:1", "10.0.0.7:80", PLAIN, PLAIN))),
                flaw(
                        "plaintext crossed to the tunnel port",
                        tunnel,
                        e -> flows(e, new Flow(CLIENT + ":5000", TUNNEL_PORT, PLAIN, PLAIN))),
                flaw(
                        "plaintext crossed beside the tunnel",
                        tunnel,
                        e -> flows(e, tls, new Flow(CLIENT + ":5001", DIALLED, PLAIN, PLAIN))),
                flaw("TLS 1.2", tunnel, e -> flows(e, flow(CLIENT_TLS, server("TLSv1.2 or older", null)))),
                flaw("broken records", tunnel, e -> flows(e, flow(CLIENT_TLS, server("TLSv1.3", "no TLS record")))),
                flaw("a marker in the ciphertext", tunnel, e -> flows(e, flow(half(150, 1, 0), SERVER_TLS))),
                flaw("an identity in the clear", tunnel, e -> flows(e, flow(half(150, 0, 1), SERVER_TLS))),
                flaw("less than the payload crossed", tunnel, e -> flows(e, flow(half(99, 0, 0), SERVER_TLS))),
                flaw(
                        "the payload is not to be found",
                        plain,
                        e -> flows(e, new Flow(CLIENT + ":5000", DIALLED, new Half(100, 0, 0, PLAIN.tls()), PLAIN))),
                flaw(
                        "more than the payload crossed",
                        plain,
                        e -> flows(e, new Flow(CLIENT + ":5000", DIALLED, new Half(101, 2, 0, PLAIN.tls()), PLAIN))),
                flaw(
                        "the nodes saw nothing",
                        List.of(Passage.TUNNEL, Passage.PASSTHROUGH, Passage.PLAINTEXT),
                        e -> nodes(e, NOTHING, NOTHING)),
                flaw(
                        "web proved to be somebody else",
                        tunnel,
                        e -> nodes(
                                e,
                                e.web(),
                                view(false, DIALLED, WEB_ID, new TunnelSighting(false, "x", SHOP_ID, CIPHER)))),
                flaw(
                        "shop proved to be somebody else",
                        tunnel,
                        e -> nodes(
                                e,
                                view(true, DIALLED, WEB_ID, new TunnelSighting(true, TUNNEL_PORT, WEB_ID, CIPHER)),
                                e.shop())),
                flaw(
                        "shop proved nothing",
                        tunnel,
                        e -> nodes(
                                e,
                                view(true, DIALLED, WEB_ID, new TunnelSighting(true, TUNNEL_PORT, null, CIPHER)),
                                e.shop())),
                flaw(
                        "another cipher than on the wire",
                        tunnel,
                        e -> nodes(
                                e,
                                view(true, DIALLED, WEB_ID, new TunnelSighting(true, TUNNEL_PORT, SHOP_ID, "NULL")),
                                e.shop())),
                flaw("no tunnel at shop", tunnel, e -> nodes(e, e.web(), view(false, DIALLED, WEB_ID))),
                flaw(
                        "another target at shop",
                        tunnel,
                        e -> nodes(
                                e,
                                e.web(),
                                view(
                                        false,
                                        "10.0.0.2:22",
                                        WEB_ID,
                                        e.shop().tunnels().get(0)))),
                flaw(
                        "a tunnel where there must be none",
                        plain,
                        e -> nodes(
                                e,
                                good(Passage.TUNNEL).web(),
                                good(Passage.TUNNEL).shop())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("flaws")
    void evidenceWithAFlaw_doesNotHold(String name, List<Passage> passages, UnaryOperator<Evidence> spoil) {
        for (Passage passage : passages) {
            assertThat(Judge.judge(row(passage), spoil.apply(good(passage))))
                    .as("%s: %s", passage, name)
                    .anyMatch(check -> !check.held());
        }
    }

    private static Flow flow(Half there, Half back) {
        return new Flow(CLIENT + ":5000", TUNNEL_PORT, there, back);
    }

    private static Half half(long bytes, int markers, int identities) {
        return new Half(bytes, markers, identities, CLIENT_TLS.tls());
    }

    private static Half server(String version, String problem) {
        return new Half(150, 0, 0, new TlsRecords(version, CIPHER, "X25519", 3, problem));
    }

    private static Evidence exchanges(Evidence e, Exchange... exchanges) {
        return with(e, List.of(exchanges), e.served(), e.flows(), e.web(), e.shop());
    }

    private static Evidence served(Evidence e, Served... served) {
        return with(e, e.exchanges(), List.of(served), e.flows(), e.web(), e.shop());
    }

    private static Evidence flows(Evidence e, Flow... flows) {
        return with(e, e.exchanges(), e.served(), List.of(flows), e.web(), e.shop());
    }

    private static Evidence nodes(Evidence e, NodeView web, NodeView shop) {
        return with(e, e.exchanges(), e.served(), e.flows(), web, shop);
    }

    private static Evidence with(
            Evidence e, List<Exchange> exchanges, List<Served> served, List<Flow> flows, NodeView web, NodeView shop) {
        return new Evidence(
                e.clientAddress(),
                e.dialled(),
                e.onTheWire(),
                e.keepsClientAddress(),
                exchanges,
                served,
                flows,
                web,
                shop);
    }
}
