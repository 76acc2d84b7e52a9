package io.hbone.node.demo;

import io.hbone.netty.socket.OriginalDestination;
import io.hbone.node.text.Ip;
import io.hbone.node.text.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What runs in a network namespace of the demo besides a node: the applications of a pod, or the wire. Does what its standard
 * input says and ends with it, so that it cannot outlive the demo.
 */
final class HelperMain {
    static final String POD = "pod";
    static final String WIRE = "wire";

    private static final long LOOK_MILLIS = 20;
    private static final int CONNECT_MILLIS = 1_000;

    /** Answers a request. */
    private interface Servant {
        Map<String, ?> answer(Reading request) throws IOException, InterruptedException;
    }

    private HelperMain() {}

    /** @param arguments {@code pod <port of its echo service>}, or {@code wire [tamper]} */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintStream answers = System.out;
        Servant servant = arguments[0].equals(POD)
                ? pod(Integer.parseInt(arguments[1]))
                : wire(List.of(arguments).contains("tamper"));
        say(answers, Map.of());
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            Reading request = Objects.requireNonNull(Reading.of(line));
            try {
                say(answers, servant.answer(request));
            } catch (IOException | RuntimeException e) {
                say(answers, Map.of("error", String.valueOf(e.getMessage())));
            }
        }
    }

    private static void say(PrintStream answers, Map<String, ?> answer) {
        StringBuilder line = new StringBuilder();
        Json.compact(line, answer);
        answers.println(line);
        answers.flush();
    }

    private static Servant pod(int port) throws IOException {
        EchoService service = EchoService.start(new InetSocketAddress(any(), port));
        return request -> {
            switch (request.text("do")) {
                case "await" -> {
                    await((int) request.number("port"));
                    return Map.of();
                }
                case "exchange" -> {
                    InetAddress address = Objects.requireNonNull(Ip.parse(request.text("address")));
                    InetSocketAddress to = new InetSocketAddress(address, (int) request.number("port"));
                    Payload payload = new Payload(request.text("marker"), (int) request.number("size"));
                    return EchoClient.exchange(patience -> dial(to, patience), payload)
                            .toMap();
                }
                case "served" -> {
                    return Map.of(
                            "served",
                            service.served().stream().map(Served::toMap).toList());
                }
                default -> throw new IOException("unknown request: " + request.text("do"));
            }
        };
    }

    /** Returns when the node says that it is ready. */
    private static void await(int port) throws InterruptedException {
        while (true) {
            try (Socket socket = dial(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS)) {
                socket.setSoTimeout(CONNECT_MILLIS);
                socket.getOutputStream()
                        .write("GET /healthz/ready HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                if (answer.startsWith("HTTP/1.1 200")) {
                    return;
                }
            } catch (IOException e) {
                // Not yet.
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static Socket dial(InetSocketAddress to, int patienceMillis) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(to, patienceMillis);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static Servant wire(boolean tamper) throws IOException {
        // Of this network namespace alone. What is not a TCP connection does not cross at all.
        Path settings = Path.of("/proc/sys/net/ipv4");
        Files.writeString(settings.resolve("ip_forward"), "0");
        Files.writeString(settings.resolve("ip_local_port_range"), WireRules.WIRE_SOURCE_PORTS);
        WireTap tap = WireTap.transparent(WireRules.WIRE_MARK, tamper);
        tap.listen(new InetSocketAddress(any(), WireRules.WIRE_PORT), OriginalDestination.KERNEL);
        return request -> Map.of(
                "flows",
                tap.flows(request.text("marker")).stream().map(Flow::toMap).toList());
    }

    private static InetAddress any() {
        return Objects.requireNonNull(Ip.parse("0.0.0.0"));
    }
}
