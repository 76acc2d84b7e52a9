package io.hbone.node.train;

import io.hbone.core.TrustDomain;
import io.hbone.identity.ca.CertificateAuthority;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What tells nodes of a fleet who is where, and signs their certificates: a process of its own, for no node loads what it does. */
final class ControlPlane implements AutoCloseable {
    static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    private static final String TOKEN = "of-the-nodes-of-the-training";
    private static final long PATIENCE_SECONDS = 5;

    private final Process process;
    private final Path directory;
    private final int caPort;
    private final int tunnelPort;

    private ControlPlane(Process process, Path directory, int caPort, int tunnelPort) {
        this.process = process;
        this.directory = directory;
        this.caPort = caPort;
        this.tunnelPort = tunnelPort;
    }

    /**
     * Starts it.
     *
     * @param host where the server's node will listen
     * @param directory for its files
     */
    static ControlPlane start(String host, Path directory) throws IOException {
        int tunnelPort;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(host))) {
            tunnelPort = free.getLocalPort();
        }
        Files.writeString(mesh(directory), TrainingPair.mesh(tunnelPort));
        Files.writeString(directory.resolve("token"), TOKEN);
        Files.createFile(
                tokens(directory), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(tokens(directory), TOKEN + " training spiffe://" + TRUST_DOMAIN + "/ns/training/sa/*\n");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ControlPlaneProcess.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader said = process.inputReader(StandardCharsets.US_ASCII);
        String port = said.readLine();
        if (port == null) {
            process.destroyForcibly();
            throw new IOException("the control plane of the training did not start (expected: the port of its CA)");
        }
        return new ControlPlane(process, directory, Integer.parseInt(port), tunnelPort);
    }

    static Path mesh(Path directory) {
        return directory.resolve("mesh.yaml");
    }

    static Path tokens(Path directory) {
        return directory.resolve("tokens");
    }

    static Path socket(Path directory) {
        return directory.resolve("xds.sock");
    }

    static Path ca(Path directory) {
        return directory.resolve("control-plane-ca");
    }

    /** Where it says that the server's node takes tunnels. */
    int tunnelPort() {
        return tunnelPort;
    }

    /** By which nodes find it. */
    Map<String, String> settings() {
        return Map.of(
                "XDS_ADDRESS",
                "unix://" + socket(directory),
                "CA_ADDRESS",
                "https://127.0.0.1:" + caPort,
                "ALT_CA_HOSTNAME",
                "localhost",
                "CA_ROOT_CA",
                CertificateAuthority.rootFile(ca(directory), TRUST_DOMAIN).toString(),
                "AUTH_TOKEN",
                directory.resolve("token").toString());
    }

    /** It ends when nobody holds its input any more. */
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
