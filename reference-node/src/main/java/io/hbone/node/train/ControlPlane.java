package io.hbone.node.train;

import io.hbone.core.TrustDomain;
import io.hbone.identity.ca.CertificateAuthority;
import io.hbone.identity.ca.IssuancePolicy;
import io.hbone.identity.ca.IstioCaServer;
import io.hbone.identity.ca.TokenFile;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.file.LocalFile;
import io.hbone.xds.server.AddressAliases;
import io.hbone.xds.server.AdsServer;
import io.hbone.xds.server.MeshResources;
import io.hbone.zds.NetworkNamespace;
import io.hbone.zds.ZdsServer;
import io.hbone.zds.ZdsWorkload;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** What nodes depend on in a cluster: who tells them where everybody is, who signs their certificates, who hands over pods. */
final class ControlPlane implements Surroundings {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    private static final String TOKEN = "token-of-the-training";

    private final Path directory;
    private final MeshResources resources = new MeshResources();
    private final AddressAliases aliases = new AddressAliases(resources);
    private final AdsServer xds;
    private final IstioCaServer ca;
    private final ZdsServer agent;

    private ControlPlane(Path directory, Path tokens) throws IOException {
        this.directory = directory;
        CertificateAuthority authority =
                CertificateAuthority.open(authority(directory), TRUST_DOMAIN, Clock.systemUTC());
        ca = IstioCaServer.builder(authority, TokenFile.open(tokens))
                .policy(IssuancePolicy.of(TRUST_DOMAIN))
                .address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .dnsNames(List.of("localhost"))
                .start();
        xds = AdsServer.builder(resources).listen(socket("xds"));
        agent = ZdsServer.builder(socket("zds")).start();
    }

    /** @param directory for its sockets and keys */
    static ControlPlane start(Path directory) throws IOException {
        Path tokens = Files.createFile(
                directory.resolve("tokens"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(tokens, TOKEN + " nodes impersonate spiffe://" + TRUST_DOMAIN + "/ns/*/sa/*\n");
        Files.writeString(directory.resolve("token"), TOKEN);
        return new ControlPlane(directory, tokens);
    }

    private static Path authority(Path directory) {
        return directory.resolve("ca");
    }

    private Path socket(String name) {
        return directory.resolve(name + ".sock");
    }

    @Override
    public Map<String, String> settings() {
        return Map.of(
                "XDS_ADDRESS",
                "unix://" + socket("xds"),
                "INPOD_UDS",
                socket("zds").toString(),
                "CA_ADDRESS",
                "https://127.0.0.1:" + ca.port(),
                "ALT_CA_HOSTNAME",
                "localhost",
                "CA_ROOT_CA",
                CertificateAuthority.rootFile(authority(directory), TRUST_DOMAIN)
                        .toString(),
                "AUTH_TOKEN",
                directory.resolve("token").toString());
    }

    @Override
    public void tell(String mesh) {
        LocalFile file = LocalFile.parse(mesh, TRUST_DOMAIN);
        // A workload must not name a policy that is not there yet.
        aliases.apply(TypeUrl.AUTHORIZATION, file.policies(), List.of());
        aliases.apply(TypeUrl.ADDRESS, file.addresses(), List.of());
    }

    /**
     * Has the next shared node serve a pod: this very network namespace.
     *
     * @return done when one does; without the rights to enter namespaces, never
     */
    CompletionStage<Void> handOver(String uid, String name, String namespace) throws IOException {
        CompletionStage<Void> served =
                agent.enroll(new ZdsWorkload(uid, name, namespace, name), NetworkNamespace.current());
        agent.seeded();
        return served;
    }

    @Override
    public void close() {
        agent.close();
        xds.close();
        ca.close();
    }
}
