package io.hbone.identity.testing;

import static org.awaitility.Awaitility.await;

import io.hbone.identity.UnixEndpoint;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real SPIRE server and a real agent of it in a temporary folder (spec/spire.md 6), for tests that carry {@code @Tag("peer")}.
 * The process that starts it is a delegate, and a broker. Intervals that are many seconds by default are one second here, so that
 * SVIDs of ten seconds rotate as those of an hour do elsewhere. Closing it ends both and removes the folder.
 */
public final class Spire implements AutoCloseable {
    /** Whose identities it gives. */
    public static final String TRUST_DOMAIN = "example.org";

    private static final String DELEGATE = "spiffe://" + TRUST_DOMAIN + "/delegate";
    private static final String AGENT = "spiffe://" + TRUST_DOMAIN + "/agent";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern TOKEN = Pattern.compile("Token: (\\S+)");
    private static final Pattern ENTRY = Pattern.compile("Entry ID\\s*: (\\S+)");

    private static final Pattern SPIFFE_ID = Pattern.compile("SPIFFE ID\\s*: (\\S+)");

    private static final String SERVER_CONFIG = """
        server {
          bind_address = "127.0.0.1"
          bind_port = "%2$d"
          socket_path = "%1$s/server.sock"
          trust_domain = "example.org"
          data_dir = "%1$s/server"
          log_level = "INFO"
          ca_ttl = "24h"
          default_x509_svid_ttl = "1h"
          admin_ids = ["spiffe://example.org/delegate"]
          experimental {
            cache_reload_interval = "1s"
          }
        }
        plugins {
          DataStore "sql" {
            plugin_data {
              database_type = "sqlite3"
              connection_string = "%1$s/server/db.sqlite3"
            }
          }
          NodeAttestor "join_token" {
            plugin_data {}
          }
          KeyManager "disk" {
            plugin_data {
              keys_path = "%1$s/server/keys.json"
            }
          }
        }
        """;

    private static final String AGENT_CONFIG = """
        agent {
          data_dir = "%1$s/agent"
          log_level = "INFO"
          server_address = "127.0.0.1"
          server_port = "%2$d"
          socket_path = "%1$s/public/api.sock"
          admin_socket_path = "%1$s/private/admin.sock"
          authorized_delegates = [%3$s]
          trust_domain = "example.org"
          trust_bundle_path = "%1$s/bundle.pem"
          experimental {
            sync_interval = "1s"
            broker {
              socket_path = "%1$s/broker/broker.sock"
              brokers = [
                {
                  id = "spiffe://example.org/delegate"
                  allowed_reference_types = [
                    {
                      type_url = "*"
                    }
                  ]
                }
              ]
            }
          }
        }
        plugins {
          NodeAttestor "join_token" {
            plugin_data {}
          }
          KeyManager "disk" {
            plugin_data {
              directory = "%1$s/agent"
            }
          }
          WorkloadAttestor "unix" {
            plugin_data {
              discover_workload_path = true
            }
          }
        }
        """;

    private final Path folder;
    private final Path serverProgram;
    private final Path agentProgram;
    private final int port;
    private Process server;
    private Process agent;

    private Spire(Path folder, Path serverProgram, Path agentProgram, int port) {
        this.folder = folder;
        this.serverProgram = serverProgram;
        this.agentProgram = agentProgram;
        this.port = port;
    }

    /** Which program is not there, for {@code assumeTrue}; empty when both are. */
    public static String missing() {
        if (program("SPIRE_SERVER_BIN", "spire-server") == null) {
            return "missing: spire-server (expected: SPIRE_SERVER_BIN, or spire-server on PATH)";
        }
        return program("SPIRE_AGENT_BIN", "spire-agent") == null
                ? "missing: spire-agent (expected: SPIRE_AGENT_BIN, or spire-agent on PATH)"
                : "";
    }

    /** Starts both; this process is a delegate when it returns. */
    public static Spire start() {
        return start(true);
    }

    /** @param delegate whether the agent accepts this process as a delegate */
    public static Spire start(boolean delegate) {
        Path serverProgram = program("SPIRE_SERVER_BIN", "spire-server");
        Path agentProgram = program("SPIRE_AGENT_BIN", "spire-agent");
        if (serverProgram == null || agentProgram == null) {
            throw new IllegalStateException(missing());
        }
        try {
            Path folder = Files.createTempDirectory("spire");
            Spire spire = new Spire(folder, serverProgram, agentProgram, freePort());
            try {
                spire.open(delegate);
            } catch (RuntimeException | IOException e) {
                spire.close();
                throw e;
            }
            return spire;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The agent's Workload API. */
    public UnixEndpoint workloadApi() {
        return new UnixEndpoint(folder.resolve("public/api.sock"));
    }

    /** The agent's Delegated Identity API. */
    public UnixEndpoint admin() {
        return new UnixEndpoint(folder.resolve("private/admin.sock"));
    }

    /** The agent's Broker API. */
    public UnixEndpoint broker() {
        return new UnixEndpoint(folder.resolve("broker/broker.sock"));
    }

    /** A selector that matches this process, and others of its user. */
    public static String ownSelector() {
        return "unix:uid:" + uid();
    }

    /**
     * Registers an identity, and does not wait until the agent knows of it.
     *
     * @param ttl lifetime of its SVIDs, whole seconds
     * @param selectors all of which a workload must have
     * @return the entry's id
     */
    public String register(String spiffeId, Duration ttl, String... selectors) {
        List<String> arguments = new ArrayList<>(List.of(
                "entry", "create", "-parentID", AGENT, "-spiffeID", spiffeId, "-x509SVIDTTL", "" + ttl.toSeconds()));
        for (String selector : selectors) {
            arguments.add("-selector");
            arguments.add(selector);
        }
        return find(ENTRY, server(arguments));
    }

    /** The server's own socket, where everything is allowed. */
    public UnixEndpoint serverSocket() {
        return new UnixEndpoint(folder.resolve("server.sock"));
    }

    /** The port of the server's APIs, on the loopback address. */
    public int serverPort() {
        return port;
    }

    /** The SPIFFE ids of all entries, in no order. */
    public List<String> registered() {
        Matcher ids = SPIFFE_ID.matcher(server(List.of("entry", "show")));
        List<String> found = new ArrayList<>();
        while (ids.find()) {
            found.add(ids.group(1));
        }
        return found;
    }

    /** Takes an entry away. */
    public void unregister(String entryId) {
        server(List.of("entry", "delete", "-entryID", entryId));
    }

    /** Ends the agent as a crash would. */
    public void killAgent() {
        kill(agent);
    }

    /** Starts the agent again, and waits until it answers. */
    public void startAgent() {
        startAgent(List.of());
    }

    /** Ends the server as a crash would. */
    public void killServer() {
        kill(server);
    }

    /** Starts the server again, and waits until it answers. */
    public void startServer() {
        server = run(serverProgram, "server.log", List.of("run", "-config", folder + "/server.conf"));
        awaitHealthy("server", server, serverProgram, folder.resolve("server.sock"));
    }

    /** A program that does nothing, runs until it is destroyed, and has the selector that {@link #programSelector} tells. */
    public Process startProgram(String name) {
        try {
            Path program = folder.resolve("programs").resolve(name);
            if (!Files.exists(program)) {
                Files.createDirectories(program.getParent());
                Files.copy(Path.of("/bin/sleep").toRealPath(), program, StandardCopyOption.COPY_ATTRIBUTES);
            }
            return new ProcessBuilder(program.toString(), "3600").start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the agent finds out about processes of {@link #startProgram}. */
    public String programSelector(String name) {
        return "unix:path:" + folder.resolve("programs").resolve(name);
    }

    /** What both wrote, for a test that failed. */
    public String logs() {
        try {
            return Files.readString(folder.resolve("server.log")) + Files.readString(folder.resolve("agent.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() {
        kill(agent);
        kill(server);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void open(boolean delegate) throws IOException {
        for (String name : List.of("server", "agent")) {
            Files.createDirectory(folder.resolve(name));
        }
        Files.writeString(folder.resolve("server.conf"), SERVER_CONFIG.formatted(folder, port));
        String delegates = delegate ? "\"" + DELEGATE + "\"" : "";
        Files.writeString(folder.resolve("agent.conf"), AGENT_CONFIG.formatted(folder, port, delegates));
        startServer();
        Files.writeString(folder.resolve("bundle.pem"), server(List.of("bundle", "show")));
        String token = find(TOKEN, server(List.of("token", "generate", "-spiffeID", AGENT, "-ttl", "600")));
        register(DELEGATE, Duration.ofHours(1), ownSelector());
        startAgent(List.of("-joinToken", token));
        await("this process's entry at the agent").atMost(PATIENCE).until(this::knowsThisProcess);
    }

    private void startAgent(List<String> more) {
        List<String> arguments = new ArrayList<>(List.of("run", "-config", folder + "/agent.conf"));
        arguments.addAll(more);
        agent = run(agentProgram, "agent.log", arguments);
        awaitHealthy("agent", agent, agentProgram, folder.resolve("public/api.sock"));
    }

    private void awaitHealthy(String name, Process process, Path program, Path socket) {
        await(name + " of SPIRE").atMost(PATIENCE).until(() -> {
            if (!process.isAlive()) {
                throw new IllegalStateException(name + " ended:\n" + Files.readString(folder.resolve(name + ".log")));
            }
            Process check = new ProcessBuilder(program.toString(), "healthcheck", "-socketPath", socket.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return check.waitFor() == 0;
        });
    }

    private boolean knowsThisProcess() throws IOException, InterruptedException {
        Process fetch = new ProcessBuilder(
                        agentProgram.toString(),
                        "api",
                        "fetch",
                        "x509",
                        "-socketPath",
                        workloadApi().toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return fetch.waitFor() == 0;
    }

    private Process run(Path program, String log, List<String> arguments) {
        try {
            List<String> command = new ArrayList<>(List.of(program.toString()));
            command.addAll(arguments);
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(
                            ProcessBuilder.Redirect.appendTo(folder.resolve(log).toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String server(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(serverProgram.toString()));
        command.addAll(arguments);
        command.add("-socketPath");
        command.add(folder + "/server.sock");
        return output(command);
    }

    private static String output(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in: " + text);
        }
        return matcher.group(1);
    }

    private static void kill(Process process) {
        if (process == null) {
            return;
        }
        process.destroyForcibly();
        try {
            process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String uid() {
        return output(List.of("id", "-u")).strip();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Path program(String variable, String name) {
        String named = System.getenv(variable);
        if (named != null && !named.isEmpty()) {
            return Files.isExecutable(Path.of(named)) ? Path.of(named) : null;
        }
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            Path program = Path.of(directory, name);
            if (Files.isExecutable(program)) {
                return program;
            }
        }
        return null;
    }
}
