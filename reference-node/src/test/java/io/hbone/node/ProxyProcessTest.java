package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.node.traffic.ClassArchive;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code hbone proxy} as a process: what only a process has is its exit code and its signals. */
@Timeout(120)
class ProxyProcessTest {

    @TempDir
    private Path directory;

    private final List<String> lines = new ArrayList<>();
    private Process process;

    @AfterEach
    void kill() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    private void start(Map<String, String> changes) throws Exception {
        List<String> command = ClassArchive.java("-XX:TieredStopAtLevel=1");
        command.addAll(List.of(Hbone.class.getName(), "proxy"));
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put("PROXY_MODE", "dedicated");
        environment.put("PROXY_WORKLOAD_INFO", "default/client/client");
        environment.put("XDS_ADDRESS", "");
        environment.put(
                "LOCAL_XDS",
                "workloads: [{namespace: default, name: client, serviceAccount: client, workloadIps: [127.0.2.1],"
                        + " protocol: HBONE, services: {}}]");
        environment.put("HBONE_DEV_CA_DIR", directory.resolve("ca").toString());
        environment.put("HBONE_BIND_ADDRESS", "127.0.2.1");
        environment.put("CONNECTION_TERMINATION_DEADLINE", "60s");
        for (String port : new String[] {"OUTBOUND", "INBOUND", "PLAINTEXT", "DNS", "READINESS", "ADMIN", "METRICS"}) {
            environment.put("HBONE_" + port + "_PORT", "0");
        }
        environment.putAll(changes);
        process = builder.redirectErrorStream(true).start();
    }

    /** Unlike {@link Process#destroy} this leaves its output open. */
    private void terminate() {
        process.toHandle().destroy();
    }

    private String lineWith(String text) throws Exception {
        BufferedReader reader = output();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            lines.add(line);
            if (line.contains(text)) {
                return line;
            }
        }
        throw new AssertionError("no line with " + text + " in " + lines);
    }

    private BufferedReader reader;

    private BufferedReader output() {
        if (reader == null) {
            reader = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        }
        return reader;
    }

    private int port(String listener) throws Exception {
        Matcher matcher = Pattern.compile(listener + " listens on 127\\.0\\.2\\.1:(\\d+)")
                .matcher(lineWith("\t" + listener + " listens on"));
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    @Test
    void terminated_drainsAndEndsWithZero() throws Exception {
        start(Map.of());
        lineWith("ready after");

        terminate();

        assertThat(lineWith("starting shutdown")).contains("received signal SIGTERM, starting shutdown");
        lineWith("shutdown complete");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void terminatedTwice_endsAtOnceAlthoughAConnectionGoesOn() throws Exception {
        start(Map.of("UNSTABLE_ENABLE_SOCKS5", "true", "HBONE_SOCKS_PORT", "0"));
        int socks = port("socks5");
        lineWith("ready after");
        try (ServerSocket application = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                Socket client = new Socket(new Proxy(Proxy.Type.SOCKS, new InetSocketAddress("127.0.2.1", socks)))) {
            client.connect(new InetSocketAddress("127.0.0.1", application.getLocalPort()));
            try (Socket server = application.accept()) {
                client.getOutputStream().write(7);
                assertThat(server.getInputStream().read()).isEqualTo(7);

                terminate();
                assertThat(lineWith("listeners closed")).contains("1 connections may go on for 60s");
                client.getOutputStream().write(8);
                assertThat(server.getInputStream().read()).isEqualTo(8);
                terminate();

                assertThat(process.waitFor()).isZero();
            }
        }
    }

    @Test
    void askedToQuit_drainsAndEndsWithZero() throws Exception {
        start(Map.of());
        int admin = port("admin");
        lineWith("ready after");

        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.2.1:" + admin + "/quitquitquit"))
                .POST(BodyPublishers.noBody())
                .build();
        assertThat(HttpClient.newHttpClient()
                        .send(request, BodyHandlers.ofString())
                        .body())
                .isEqualTo("shutdown now\n");

        lineWith("shutdown complete");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void wrongSetting_isOneSentenceAndOne() throws Exception {
        start(Map.of("PACKET_MARK", "x"));

        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(output().lines())
                .containsExactly("hbone proxy: PACKET_MARK: \"x\" (expected: a number from 0 to 4294967295)");
    }

    @Test
    void addressThatIsNotHere_isOneSentenceAndOne() throws Exception {
        start(Map.of("HBONE_BIND_ADDRESS", "192.0.2.1"));

        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(output().lines())
                .last()
                .asString()
                .startsWith("hbone proxy: port 192.0.2.1:0 for readiness: ")
                .contains("Cannot assign requested address");
    }
}
