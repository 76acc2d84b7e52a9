package io.hbone.node.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.netty.socket.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.w3c.dom.Document;
import picocli.CommandLine;

/** The commands, against a server of ours and against others. */
class BenchCommandTest {
    private static Place place;
    private static BenchServer server;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path directory;

    /** What a server that is none of ours does with a connection. */
    private interface Conduct {
        void accept(Socket socket) throws IOException, InterruptedException;
    }

    @BeforeAll
    static void start() throws Exception {
        String transport = System.getProperty("hbone.transport", "");
        Transport chosen = transport.isEmpty() ? Transport.preferred() : Transport.of(transport);
        place = Place.open(null, 1, chosen, "bench-test");
        server = BenchServer.start(place, new InetSocketAddress("::", 0));
    }

    @AfterAll
    static void stop() {
        server.close();
        place.close();
    }

    private int bench(String... arguments) {
        CommandLine line = new CommandLine(new BenchCommand()).setOverwrittenOptionsAllowed(true);
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    /** A short run against {@code address}. */
    private int client(String address, String... more) {
        List<String> arguments = new ArrayList<>(List.of("client", address, "--duration", "0.3", "--warm-up", "0.1"));
        arguments.addAll(List.of("--repeats", "1", "--connections", "4", "--threads", "2", "--patience", "2"));
        arguments.addAll(List.of(more));
        return bench(arguments.toArray(new String[0]));
    }

    private static String here() {
        return "127.0.0.1:" + server.address().getPort();
    }

    private int against(Conduct conduct, String... more) throws IOException {
        try (ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> {
                while (true) {
                    try {
                        Socket socket = other.accept();
                        conduct.accept(socket);
                    } catch (IOException | InterruptedException e) {
                        return;
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
            return client("127.0.0.1:" + other.getLocalPort(), more);
        }
    }

    private static Map<?, ?> json(String text) {
        return (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(text);
    }

    private static Document xml(Path file) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
    }

    @Test
    void client_measuresEverything_andDrawsIt() throws Exception {
        Path svg = directory.resolve("run.svg");

        assertThat(client(
                        here(),
                        "--duration",
                        "1",
                        "--json",
                        "--via",
                        "<nothing> & \"nobody\"",
                        "--svg",
                        svg.toString()))
                .as(err.toString())
                .isZero();

        Map<?, ?> run = json(out.toString());
        assertThat(run.get("tool")).isEqualTo("hbone bench");
        assertThat(run.get("target")).isEqualTo(here());
        assertThat(run.get("via")).isEqualTo("<nothing> & \"nobody\"");
        assertThat((Map<?, ?>) run.get("settings"))
                .extracting("connections", "duration_s")
                .containsExactly(4, 1.0);
        assertThat(((Map<?, ?>) run.get("metrics")).keySet().stream().map(String::valueOf))
                .contains(
                        "send.gbit_per_s",
                        "receive.gbit_per_s",
                        "latency.p50_us",
                        "latency.p99.9_us",
                        "latency.generator_late_p99_us",
                        "latency.unanswered",
                        "requests.per_s",
                        "connections.per_s",
                        "connections.p99_us");
        RunDocument document = RunDocument.parse(out.toString());
        assertThat(document.metrics().entrySet())
                .filteredOn(metric -> metric.getKey().contains("per_s"))
                .allMatch(metric -> metric.getValue() > 0);
        assertThat(document.distributions()).containsOnlyKeys("latency", "requests", "connections");
        assertThat(document.timelines()).containsOnlyKeys("send", "receive", "latency", "requests", "connections");
        assertThat((Map<?, ?>) run.get("errors")).isEmpty();
        Document picture = xml(svg);
        assertThat(picture.getElementsByTagName("polyline").getLength()).isEqualTo(8);
        assertThat(picture.getElementsByTagName("title").item(0).getTextContent())
                .isEqualTo("hbone bench: <nothing> & \"nobody\"");
    }

    @Test
    void client_byIpv6_printsATable() {
        assertThat(client("[::1]:" + server.address().getPort(), "--what", "latency", "--rate", "200"))
                .as(err.toString())
                .isZero();

        assertThat(out.toString()).contains("[0:0:0:0:0:0:0:1]:").contains("latency.p99_us");
    }

    @Test
    void client_isTheServerToo_andWatchesProcesses() throws IOException {
        int free;
        try (ServerSocket some = new ServerSocket(0)) {
            free = some.getLocalPort();
        }
        String self = Long.toString(ProcessHandle.current().pid());
        String transport = System.getProperty("hbone.transport", "nio");
        int exit = client(
                "127.0.0.1:" + free,
                "--what",
                "send",
                "--duration",
                "3",
                "--cpu-of",
                self,
                "--json",
                "--transport",
                transport,
                "--server-ns",
                "/proc/self/ns/net",
                "--client-ns",
                self);
        // Who may not enter namespaces learns which right it takes.
        if (exit == 0) {
            assertThat(((Map<?, ?>) json(out.toString()).get("metrics")).get("send.cpu_s_per_gb"))
                    .isInstanceOf(Number.class);
        } else {
            assertThat(err.toString()).contains("CAP_SYS_ADMIN");
        }
    }

    @Test
    void nobodyListens_saysRefused() throws IOException {
        int free;
        try (ServerSocket some = new ServerSocket(0)) {
            free = some.getLocalPort();
        }

        assertThat(client("127.0.0.1:" + free)).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("hbone bench client: connection ")
                .contains(" of 4 to 127.0.0.1:" + free + ": refused (");
    }

    @Test
    void serverOfAnotherKind_isShown() throws IOException {
        assertThat(against(socket -> {
                    socket.getInputStream().readNBytes(Hello.LENGTH);
                    socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n".getBytes(StandardCharsets.US_ASCII));
                }))
                .isEqualTo(1);
        assertThat(err.toString())
                .contains("it answers \"HTTP/1.1 400 Bad Request\" (expected: an 'hbone bench server')");
    }

    @Test
    void serverThatSaysNothing_isNotWaitedForForEver() throws IOException {
        assertThat(against(socket -> {}, "--patience", "0.2")).isEqualTo(1);
        assertThat(err.toString()).contains("no word from the server within 200 ms");
    }

    @Test
    void connectionsThatAreClosedAtOnce_saySo() throws IOException {
        assertThat(against(socket -> {
                    socket.getInputStream().readNBytes(Hello.LENGTH);
                    socket.close();
                }))
                .isEqualTo(1);
        assertThat(err.toString()).contains("closed without a word");
    }

    @Test
    void connectionsThatAreResetInTheMiddle_areErrorsOfTheRun() throws IOException {
        int exit = against(
                socket -> {
                    InputStream in = socket.getInputStream();
                    byte[] hello = in.readNBytes(Hello.LENGTH);
                    socket.getOutputStream().write(hello, 0, Hello.MAGIC_LENGTH);
                    Thread echo = new Thread(() -> {
                        try (socket) {
                            for (int request = 0; request < 60; request++) {
                                socket.getOutputStream().write(in.readNBytes(100));
                            }
                            socket.setSoLinger(true, 0);
                        } catch (IOException e) {
                            // the client went away
                        }
                    });
                    echo.setDaemon(true);
                    echo.start();
                },
                "--what",
                "latency",
                "--rate",
                "1000");

        assertThat(exit).isEqualTo(2);
        assertThat(out.toString())
                .contains("error: latency: reset (by the server, or by a node between; look at the nodes' access logs),"
                        + " 4 times")
                .containsPattern("latency.unanswered +1[0-9]{2} ");
    }

    @Test
    void addressesAndOptionsThatMakeNoSense_areNamed() {
        assertThat(client("here")).isEqualTo(1);
        assertThat(client("127.0.0.1:99999")).isEqualTo(1);
        assertThat(client("no-such-host.invalid:1")).isEqualTo(1);
        assertThat(client(here(), "--connections", "0")).isEqualTo(1);
        assertThat(client(here(), "--what", "sed")).isEqualTo(1);
        assertThat(client(here(), "--client-ns", "hbone-no-such-namespace")).isEqualTo(1);
        assertThat(client(here(), "--transport", "pigeon")).isEqualTo(1);

        assertThat(err.toString().lines())
                .hasSize(7)
                .anyMatch(line -> line.endsWith("HOST:PORT: \"here\" (expected: HOST:PORT or [IPV6]:PORT)"))
                .anyMatch(line -> line.contains("no address is known for the host \"no-such-host.invalid\""))
                .anyMatch(line -> line.endsWith("--connections: 0 (expected: 1 to 50000)"))
                .anyMatch(line -> line.contains("--what: \"sed\" (expected: send, receive"))
                .anyMatch(line -> line.contains("network namespace hbone-no-such-namespace (expected: a name"));
    }

    @Test
    void server_whosePortIsTaken_saysSo() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(bench("server", "--listen", "127.0.0.1:" + taken.getLocalPort()))
                    .isEqualTo(1);
        }
        assertThat(err.toString()).contains("cannot listen on").contains("in use");
    }

    @Test
    void compare_runsBothInTurns() throws Exception {
        Path log = directory.resolve("log");
        Path svg = directory.resolve("compare.svg");
        String command = "echo %s >> " + log
                + "; echo '{\"metrics\": {\"x\": %s}, \"timelines\": {\"send\": [[0, 1], [1, 2]]}}'";

        int exit = bench(
                "compare",
                "--a",
                command.formatted("a", "6"),
                "--b",
                command.formatted("b", "4"),
                "--name-a",
                "ours",
                "--rounds",
                "3",
                "--json",
                "--svg",
                svg.toString());

        assertThat(exit).as(err.toString()).isZero();
        assertThat(Files.readAllLines(log)).containsExactly("a", "b", "b", "a", "a", "b");
        Map<?, ?> x = (Map<?, ?>) ((Map<?, ?>) json(out.toString()).get("metrics")).get("x");
        assertThat((Map<?, ?>) x.get("ratio"))
                .extracting("median", "least", "most")
                .containsExactly(1.5, 1.5, 1.5);
        assertThat(xml(svg).getElementsByTagName("polyline").getLength()).isEqualTo(6);
    }

    @Test
    void compare_withACommandThatFails_saysWhichAndWhy() {
        assertThat(bench("compare", "--a", "echo no such node >&2; exit 3", "--b", "true"))
                .isEqualTo(1);
        assertThat(err.toString())
                .isEqualTo("hbone bench compare: round 1, a: exit status 3 of 'echo no such node >&2; exit 3': no such"
                        + " node\n");
    }

    @Test
    void compare_withACommandThatHangs_endsIt() {
        assertThat(bench("compare", "--a", "sleep 60", "--b", "true", "--time-limit", "1"))
                .isEqualTo(1);
        assertThat(err.toString()).contains("a: still running after 1 s: sleep 60");
    }
}
