package io.hbone.netty.proxy;

import io.hbone.core.Authority;
import io.hbone.core.Baggage;
import io.hbone.core.HboneSettings;
import io.hbone.core.InboundRouter;
import io.hbone.core.OutboundRouter;
import io.hbone.core.Route;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.core.WorkloadMetadata;
import io.hbone.netty.TunnelResources;
import io.hbone.netty.pool.TunnelPool;
import io.hbone.netty.socket.Addresses;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.netty.testing.TestPki;
import io.netty.channel.EventLoopGroup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * One pod in a process of its own: a node with the real ports, a service on every address at 8080 and 9090 that answers who
 * called, and a client that is told by lines on standard input where to call. Connections to 9090 are not tunnelled.
 *
 * <p>Arguments: chain, key and roots as PEM files; the peer's SPIFFE id.
 */
final class PodProcess {

    private static final int TUNNELLED = 8080;
    private static final int PLAIN = 9090;

    private PodProcess() {}

    public static void main(String[] args) throws Exception {
        WorkloadCertificate certificate = certificate(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]));
        SpiffeId peer = SpiffeId.parse(args[3]);
        TestPki.Source identities = TestPki.source(certificate);
        WorkloadIdentity self = TestPki.identityOf(certificate);
        HboneSettings settings = HboneSettings.DEFAULT;
        Transport transport = Transport.of(System.getProperty("hbone.transport", "epoll"));
        Sockets sockets = Sockets.of(transport).withMark(Pods.MARK).withOriginalSource(OriginalSource.ON);
        EventLoopGroup loops = transport.newEventLoopGroup(2, "node");
        TunnelPool pool = TunnelResources.of(settings).newPool(self, identities, settings, sockets, new Recorder());
        InboundRouter inbound = PodProcess::routeInside;
        OutboundRouter outbound = connection -> CompletableFuture.completedFuture(
                connection.destination().getPort() == PLAIN
                        ? direct(connection.destination())
                        : tunnel(connection.destination(), peer));

        OutboundListener.builder(self, outbound, pool)
                .sockets(sockets)
                .bind(loops, new InetSocketAddress("::", 15001))
                .sync();
        InboundListener.builder(self, identities, inbound)
                .sockets(sockets)
                .responseBaggage(Baggage.EMPTY)
                .bind(loops, new InetSocketAddress("::", 15008))
                .sync();
        PlaintextListener.builder(inbound)
                .sockets(sockets)
                .bind(loops, new InetSocketAddress("::", 15006))
                .sync();
        serve(TUNNELLED);
        serve(PLAIN);
        say("READY");

        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            String[] words = order.split(" ");
            say(call(words[0], Integer.parseInt(words[1])));
        }
    }

    private static CompletableFuture<InboundRouter.Target> routeInside(InboundRouter.Inbound connection) {
        InetSocketAddress target = connection.local();
        if (connection.request() != null) {
            Authority authority = connection.request().authority();
            target = new InetSocketAddress(authority.address(), authority.port());
        }
        return CompletableFuture.completedFuture(new InboundRouter.Target.Forward(
                target, true, WorkloadMetadata.UNKNOWN, WorkloadMetadata.UNKNOWN, null));
    }

    private static Route direct(InetSocketAddress destination) {
        return new Route.Direct(destination, WorkloadMetadata.UNKNOWN, null, "test");
    }

    private static Route tunnel(InetSocketAddress destination, SpiffeId peer) {
        return new Route.Tunnel(
                new InetSocketAddress(destination.getAddress(), 15008),
                Set.of(peer),
                Authority.of(destination),
                WorkloadMetadata.UNKNOWN,
                null,
                "test");
    }

    /** Answers with the caller's address once the caller has ended. */
    private static void serve(int port) throws IOException {
        ServerSocket listener = new ServerSocket(port, 50, InetAddress.getByName("::"));
        Applications.daemon(() -> {
            while (true) {
                Socket caller = listener.accept();
                Applications.daemon(() -> {
                    try (caller) {
                        long bytes = caller.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
                        InetAddress from = Addresses.canonical(caller.getInetAddress());
                        caller.getOutputStream()
                                .write((from.getHostAddress() + " sent " + bytes).getBytes(StandardCharsets.US_ASCII));
                    }
                });
            }
        });
    }

    private static String call(String address, int port) {
        try (Socket socket = Applications.connect(new InetSocketAddress(address, port))) {
            socket.getOutputStream().write(new byte[1_000_000]);
            socket.shutdownOutput();
            return "ANSWER " + new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "ANSWER " + e;
        }
    }

    private static void say(String text) {
        System.out.println(text);
        System.out.flush();
    }

    private static WorkloadCertificate certificate(Path chain, Path key, Path roots) throws Exception {
        List<X509Certificate> certificates = read(chain);
        PrivateKey privateKey = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(
                        Base64.getMimeDecoder().decode(Files.readString(key).replaceAll("-----[A-Z ]+-----", ""))));
        TrustBundles bundles = TrustBundles.of(
                List.of(new TrustBundle(TestPki.ca("cluster.local").trustDomain(), read(roots))));
        return WorkloadCertificate.of(certificates, privateKey, bundles);
    }

    private static List<X509Certificate> read(Path pem) throws Exception {
        try (InputStream in = Files.newInputStream(pem)) {
            Collection<?> read = CertificateFactory.getInstance("X.509").generateCertificates(in);
            return read.stream().map(X509Certificate.class::cast).toList();
        }
    }
}
