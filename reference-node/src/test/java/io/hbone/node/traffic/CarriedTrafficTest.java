package io.hbone.node.traffic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Programs that know nothing of tunnels, between two enrolled pods. */
@InPods
@ExtendWith(SharedMesh.class)
@SuppressWarnings("try") // servers are there to be talked to through the network
class CarriedTrafficTest {
    private static final long GIB = 1L << 30;

    private final Mesh mesh;
    private final Pod client;
    private final Pod server;
    private final int port;

    CarriedTrafficTest(Mesh mesh) {
        this.mesh = mesh;
        this.client = mesh.client();
        this.server = mesh.server();
        this.port = mesh.freePort();
    }

    @Test
    void curl_ofOneGibibyte_arrivesUnchanged() {
        // No 16 bytes of it are like others, so that what is lost, repeated or swapped shows.
        String expected = server.bash(
                        "mkdir -p $0; head -c $1 /dev/zero"
                                + " | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00000000000000000000000000000000"
                                + " | tee $0/big | openssl dgst -sha256 -r",
                        server.file("www"),
                        GIB)
                .words()
                .get(0);
        try (Program web = server.serve(
                port, "python3", "-m", "http.server", "--bind", "::", "-d", server.file("www"), "" + port)) {
            String url = "http://" + server.v4() + ":" + port + "/big";
            Program.Output got = client.start(
                            "bash", "-euo", "pipefail", "-c", "curl -sSf $0 | openssl dgst -sha256 -r", url)
                    .finish(Duration.ofSeconds(90));
            assertThat(got.words().get(0)).isEqualTo(expected);
            assertTunnelled(GIB);
        } finally {
            server.run("rm", "-r", server.file("www"));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, ''", "1, -R", "64, ''", "64, -R"})
    void iperf3_inEitherDirection_carriesBytesInEveryStream(int streams, String reversed) {
        try (Program iperf = server.serve(port, "iperf3", "-s", "-1", "-p", "" + port)) {
            Stream<String> command = Stream.of(
                    "iperf3", "-J", "-c", server.v4(), "-p", "" + port, "-t", "2", "-P", "" + streams, reversed);
            Program.Output result =
                    client.run(command.filter(word -> !word.isEmpty()).toArray(String[]::new));
            assertThat(result.exit()).as(result.out()).isZero();
            Map<?, ?> end = (Map<?, ?>) json(result.out()).get("end");
            assertThat(number(end.get("sum_received"), "bytes")).isPositive();
            assertThat((List<?>) end.get("streams"))
                    .hasSize(streams)
                    .allSatisfy(stream -> assertThat(number(((Map<?, ?>) stream).get("receiver"), "bytes"))
                            .isPositive());
        }
    }

    @Test
    void redis_session_getsWhatItSet() {
        try (Program redis = redis()) {
            assertThat(redisCli("SET", "fruit", "quince").out().strip()).isEqualTo("OK");
            assertThat(redisCli("GET", "fruit").out().strip()).isEqualTo("quince");
        }
    }

    @Test
    void redis_pipelineOfTenThousand_getsAllReplies() {
        String commands = IntStream.range(0, 10_000)
                .mapToObj(i -> "SET key:%d value:%d\r\n".formatted(i, i))
                .collect(Collectors.joining());
        try (Program redis = redis()) {
            Program.Output piped = client.start("redis-cli", "-h", server.v4(), "-p", "" + port, "--pipe")
                    .write(commands.getBytes(UTF_8))
                    .finish(Pod.PATIENCE);
            assertThat(piped.success()).contains("errors: 0, replies: 10000");
            assertThat(redisCli("GET", "key:9999").out().strip()).isEqualTo("value:9999");
        }
    }

    private Program redis() {
        return server.serve(
                port,
                "redis-server",
                "--port",
                "" + port,
                "--bind",
                "*",
                "-::*",
                "--protected-mode",
                "no",
                "--save",
                "",
                "--dir",
                "/tmp");
    }

    private Program.Output redisCli(String... words) {
        Stream<String> head = Stream.of("redis-cli", "-h", server.v4(), "-p", "" + port);
        return client.run(Stream.concat(head, Stream.of(words)).toArray(String[]::new));
    }

    @Test
    void smtp_whereTheServerSpeaksFirst_greetsAndAnswers() {
        try (Program mail = server.app("smtp", port);
                Program nc = client.start("nc", server.v4(), "" + port)) {
            nc.until("220 mail.example.org ESMTP ready", Pod.PATIENCE);
            nc.write("EHLO pod\r\n".getBytes(UTF_8)).until("250 EHLO pod", Pod.PATIENCE);
            nc.write("QUIT\r\n".getBytes(UTF_8)).until("221 bye", Pod.PATIENCE);
            assertThat(nc.finish(Pod.PATIENCE).exit()).isZero();
        }
    }

    /** The server answers only after the end of what it gets; 64 MiB also go the way that curl's do not. */
    @ParameterizedTest
    @ValueSource(ints = {1, 64 << 20})
    void halfClose_byNc_bringsTheAnswerThatFollowsIt(int size) {
        String expected = client.bash("head -c $0 /dev/zero | tr '\\0' q | openssl dgst -sha256 -r", size)
                .words()
                .get(0);
        try (Program digest = server.app("digest", port)) {
            Program.Output answer =
                    client.bash("head -c $0 /dev/zero | tr '\\0' q | nc -N $1 $2", size, server.v4(), port);
            assertThat(answer.words()).containsExactly("" + size, expected);
        }
        assertTunnelled(0);
    }

    @Test
    void echo_overIpv6_returnsAllBytes() {
        try (Program echo = server.app("echo", port)) {
            assertThat(client.client("neighbours", server.v6(), port, 8, 4 << 20)
                            .finish(Pod.PATIENCE)
                            .words())
                    .containsExactly("8");
        }
        AccessLine line = assertTunnelled(4 << 20);
        assertThat(line.get("dst.hbone_addr")).isEqualTo("[" + server.v6() + "]:" + port);
    }

    @ParameterizedTest
    @ValueSource(strings = {"IPv4", "IPv6"})
    void serverApplication_seesTheClientPodsAddress(String family) {
        boolean six = family.equals("IPv6");
        try (Program whoami = server.app("whoami", port)) {
            List<String> seen = client.client("whoami", six ? server.v6() : server.v4(), port)
                    .finish(Pod.PATIENCE)
                    .words();
            // local address, local port, address seen, port seen
            assertThat(seen).hasSize(4);
            assertThat(seen.get(0)).isEqualTo(six ? client.v6() : client.v4());
            assertThat(seen.get(2)).isEqualTo(seen.get(0));
        }
        assertTunnelled(0);
    }

    @Test
    void shortConnections_fourHundredAtOnce_allComplete() {
        try (Program echo = server.app("echo", port)) {
            assertThat(client.client("neighbours", server.v4(), port, 400, 3000)
                            .finish(Pod.PATIENCE)
                            .words())
                    .containsExactly("400");
        }
    }

    @Test
    void reset_byTheServerApplication_endsTheClientsConnection() {
        try (Program reset = server.app("reset", port)) {
            assertThat(client.client("fate", server.v4(), port, "00")
                            .finish(Pod.PATIENCE)
                            .words()
                            .get(0))
                    .isIn("EOF", "ECONNRESET");
        }
        assertTunnelled(0);
    }

    @Test
    void clientThatIsKilled_leavesNoConnectionAtTheServer() {
        try (Program echo = server.app("echo", port)) {
            client.client("steady", server.v4(), port).until("up", Pod.PATIENCE).kill();
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> server.bash("ss -Htn state established sport = :$0 | wc -l", port)
                            .words()
                            .equals(List.of("0")));
        }
        assertTunnelled(512);
    }

    /** The evidence of both nodes. */
    private AccessLine assertTunnelled(long atLeast) {
        AccessLine out = mesh.clientNode().awaitConnectionTo(port);
        String trace = out.get("trace_id");
        assertThat(trace).isNotEmpty();
        // Of several connections the nodes may see different ones end first.
        AccessLine in = mesh.serverNode()
                .awaitConnection(line -> line.applicationPort() == port && trace.equals(line.get("trace_id")));
        for (AccessLine line : List.of(out, in)) {
            assertThat(line.level()).as(line.toString()).isEqualTo("info");
            assertThat(line.get("src.identity")).as(line.toString()).isEqualTo(Mesh.CLIENT_ID);
            assertThat(line.get("dst.identity")).as(line.toString()).isEqualTo(Mesh.SERVER_ID);
            assertThat(Math.max(line.number("bytes_sent"), line.number("bytes_recv")))
                    .isGreaterThanOrEqualTo(atLeast);
        }
        return out;
    }

    private static Map<?, ?> json(String text) {
        // iperf3 says some things twice
        LoadSettings settings =
                LoadSettings.builder().setAllowDuplicateKeys(true).build();
        return (Map<?, ?>) new Load(settings).loadFromString(text.replace("\t", " "));
    }

    private static long number(Object object, String field) {
        return ((Number) ((Map<?, ?>) object).get(field)).longValue();
    }
}
