package io.hbone.node.train;

import io.hbone.identity.ca.CertificateAuthority;
import io.hbone.identity.ca.IssuancePolicy;
import io.hbone.identity.ca.IstioCaServer;
import io.hbone.identity.ca.TokenFile;
import io.hbone.node.config.LogFormat;
import io.hbone.node.config.LogLevels;
import io.hbone.node.telemetry.Logging;
import io.hbone.xds.file.LocalFileException;
import io.hbone.xds.file.LocalFileWatch;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;

/** The process of {@link ControlPlane}: says the port of its CA, and ends with its input. */
final class ControlPlaneProcess {
    private static final Duration LIFETIME = Duration.ofHours(1);

    private ControlPlaneProcess() {}

    /** @param arguments the directory of its files */
    @SuppressWarnings("try") // servers are there to be talked to
    public static void main(String[] arguments) throws IOException, LocalFileException {
        Logging.start(LogFormat.PLAIN, LogLevels.DEFAULT, System.err);
        Path directory = Path.of(arguments[0]);
        MeshResources resources = new MeshResources();
        Path mesh = ControlPlane.mesh(directory);
        try (LocalFileWatch file = new LocalFileWatch(mesh, ControlPlane.TRUST_DOMAIN, new AddressAliases(resources))) {
            file.load();
            try (AdsServer xds = AdsServer.builder(resources).listen(ControlPlane.socket(directory));
                    IstioCaServer ca = ca(directory)) {
                System.out.println(ca.port());
                System.in.transferTo(OutputStream.nullOutputStream());
            }
        }
    }

    private static IstioCaServer ca(Path directory) throws IOException {
        Path ca = ControlPlane.ca(directory);
        return IstioCaServer.builder(
                        CertificateAuthority.open(ca, ControlPlane.TRUST_DOMAIN, Clock.systemUTC()),
                        TokenFile.open(ControlPlane.tokens(directory)))
                .policy(new IssuancePolicy(ControlPlane.TRUST_DOMAIN, Set.of(), LIFETIME, LIFETIME))
                .address(new InetSocketAddress("127.0.0.1", 0))
                .start();
    }
}
