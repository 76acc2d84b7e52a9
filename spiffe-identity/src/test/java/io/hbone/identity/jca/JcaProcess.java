package io.hbone.identity.jca;

import io.hbone.identity.UnixEndpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;

/** A {@link JcaProgram} in a process of its own: the JDK reads these properties once. */
final class JcaProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final List<String> lines = new ArrayList<>();

    private JcaProcess(Process process) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /**
     * @param folder for the properties
     * @param workloadApi where the program gets its identity
     * @param accepted ids of peers, separated by {@code |}
     */
    static JcaProcess start(Path folder, UnixEndpoint workloadApi, String accepted, String... arguments)
            throws IOException {
        Path properties = Files.createTempFile(folder, "spiffe", ".security");
        Files.writeString(properties, """
                security.provider.%d=io.spiffe.provider.SpiffeProvider
                ssl.KeyManagerFactory.algorithm=Spiffe
                ssl.TrustManagerFactory.algorithm=Spiffe
                ssl.spiffe.accept=%s
                """.formatted(nextProvider(), accepted));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.security.properties=" + properties,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                JcaProgram.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("SPIFFE_ENDPOINT_SOCKET", workloadApi.uri());
        return new JcaProcess(builder.start());
    }

    /** The first line with {@code text}. */
    String lineWith(String text) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (line.contains(text)) {
                return line;
            }
        }
        throw new AssertionError("no line with \"" + text + "\" in " + lines);
    }

    /** What is left of its output, and before that how it ended. */
    String end() throws IOException, InterruptedException {
        StringBuilder rest = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            rest.append(line).append('\n');
        }
        return process.waitFor() + ": " + rest;
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        output.close();
    }

    /** The JDK's own list of providers must be continued without a gap. */
    private static int nextProvider() {
        int number = 1;
        while (Security.getProperty("security.provider." + number) != null) {
            number++;
        }
        return number;
    }
}
