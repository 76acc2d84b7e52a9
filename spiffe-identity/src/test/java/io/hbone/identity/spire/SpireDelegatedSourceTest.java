package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.spire.proto.DelegatedIdentityGrpc;
import io.hbone.identity.spire.proto.SPIFFEID;
import io.hbone.identity.spire.proto.SubscribeToX509BundlesRequest;
import io.hbone.identity.spire.proto.SubscribeToX509BundlesResponse;
import io.hbone.identity.spire.proto.SubscribeToX509SVIDsRequest;
import io.hbone.identity.spire.proto.SubscribeToX509SVIDsResponse;
import io.hbone.identity.spire.proto.X509SVID;
import io.hbone.identity.spire.proto.X509SVIDWithKey;
import io.hbone.identity.testing.RecordingObserver;
import io.hbone.identity.testing.TestAuthority;
import io.hbone.identity.testing.UnixServer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over a real socket, with an agent that misbehaves as the test says. */
class SpireDelegatedSourceTest {
    private static final TestAuthority CA = new TestAuthority("example.org", Instant.now());
    private static final WorkloadIdentity WORKLOAD =
            new WorkloadIdentity("uid", SpiffeId.parseStrict("spiffe://example.org/ns/shop/sa/cart"));

    /** Longer than anything takes that is not broken. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private final RecordingObserver observer = new RecordingObserver();
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final Agent agent = new Agent();
    private UnixEndpoint endpoint;
    private UnixServer server;
    private ManagedIdentitySource source;

    @BeforeEach
    void open() {
        endpoint = new UnixEndpoint(folder.resolve("admin.sock"));
        source = source(PATIENCE);
    }

    private ManagedIdentitySource source(Duration timeout) {
        return SpireDelegatedSource.bySelectors(
                        endpoint, SelectorTemplate.KUBERNETES, SourceContext.of(executor, observer))
                .timeout(timeout)
                .build();
    }

    private void impatient() {
        source.close();
        source = source(Duration.ofSeconds(2));
    }

    @AfterEach
    void close() {
        source.close();
        if (server != null) {
            server.close();
        }
        executor.shutdown();
    }

    @Test
    void svid_isAskedForByTheTemplatesSelectors() throws Exception {
        serve();
        assertThat(obtain().id()).isEqualTo(WORKLOAD.spiffeId());
        assertThat(agent.requests).singleElement().satisfies(request -> {
            assertThat(request.getPid()).isZero();
            assertThat(request.getSelectorsList())
                    .extracting(each -> each.getType() + ":" + each.getValue())
                    .containsExactly("k8s:ns:shop", "k8s:sa:cart");
        });
    }

    @Test
    void socketThatIsNotThere_isNamed() {
        assertFails("socket " + endpoint + " is not there", "admin_socket_path");
    }

    @Test
    void socketWhereNobodyListens_isNamed() throws Exception {
        try (ServerSocketChannel gone = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            gone.bind(UnixDomainSocketAddress.of(endpoint.path()));
        }
        assertFails("nobody listens");
    }

    @Test
    void socketThatHangs_isGivenUp() throws Exception {
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(endpoint.path()));
            impatient();
            assertFails("the agent did not answer (expected: within PT2S)");
        }
    }

    @Test
    void agentThatNeverAnswersACall_isGivenUp() {
        agent.silent = true;
        serve();
        impatient();
        assertFails("the agent did not answer (expected: within PT2S)");
    }

    @Test
    void denial_saysWhichSettingIsMissing() {
        agent.status = Status.PERMISSION_DENIED.withDescription("caller not configured as an authorized delegate");
        serve();
        assertFails("does not accept this process as a delegate", "authorized_delegates");
    }

    @Test
    void socketThatServesSomethingElse_isNamedAsTheWrongOne() {
        server = new UnixServer(endpoint);
        assertFails("does not serve the Delegated Identity API");
    }

    @Test
    void emptyUpdate_saysWhichEntryIsMissing() {
        agent.empty = true;
        serve();
        impatient();
        assertFails("the agent has no SVID for selectors k8s:ns:shop, k8s:sa:cart");
    }

    @Test
    void bundlesOfMoreThanFourMegabytes_areTaken() throws Exception {
        agent.foreignRoots = 12_000;
        serve();
        WorkloadCertificate certificate = obtain();
        assertThat(certificate.bundles().trustDomains()).hasSize(2);
    }

    @Test
    void streamThatTheAgentEnds_isOpenedAgain_andTheLastGoodOneKept() throws Exception {
        serve();
        WorkloadCertificate first = obtain();
        agent.streams.forEach(StreamObserver::onCompleted);
        await().untilAsserted(() ->
                assertThat(observer.events("failure")).anyMatch(event -> event.contains("the agent ended the stream")));
        assertThat(source.current(WORKLOAD)).isNotNull();
        await().until(() ->
                agent.requests.size() >= 2 && source.identities().get(0).lastError() == null);
        assertThat(source.current(WORKLOAD)).isEqualTo(first);
    }

    @Test
    void agentThatIsStartedAnew_isFoundByItsPath() throws Exception {
        serve();
        WorkloadCertificate first = obtain();
        server.close();
        await().untilAsserted(() -> assertThat(observer.events("failure")).isNotEmpty());
        assertThat(source.current(WORKLOAD)).isEqualTo(first);
        int before = agent.requests.size();
        serve();
        await().atMost(Duration.ofSeconds(30)).until(() -> agent.requests.size() > before);
    }

    @Test
    void workloadWithoutANamespace_cannotBeAskedForBySuchSelectors() {
        serve();
        WorkloadIdentity odd = new WorkloadIdentity("odd", SpiffeId.parseStrict("spiffe://example.org/gateway"));
        assertThatThrownBy(() -> source.certificate(odd).toCompletableFuture().get(10, TimeUnit.SECONDS))
                .hasMessageContaining("selector \"k8s:ns:{ns}\" of spiffe://example.org/gateway");
        assertThat(observer.events("failure")).hasSize(1);
    }

    private void serve() {
        server = new UnixServer(endpoint, agent);
    }

    private WorkloadCertificate obtain() throws Exception {
        return source.certificate(WORKLOAD).toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private void assertFails(String... texts) {
        assertThatThrownBy(this::obtain).satisfies(e -> {
            for (String text : texts) {
                assertThat(e).hasMessageContaining(text);
            }
        });
        assertThat(observer.events("failure")).isNotEmpty();
        assertThat(source.identities().get(0).lastError()).isNotNull();
    }

    private static final class Agent extends DelegatedIdentityGrpc.DelegatedIdentityImplBase {
        private final List<SubscribeToX509SVIDsRequest> requests = new CopyOnWriteArrayList<>();
        private final List<ServerCallStreamObserver<?>> streams = new CopyOnWriteArrayList<>();
        private final KeyPair pair = TestAuthority.keyPair();
        private final ByteString leaf = der(CA.sign(
                pair.getPublic(),
                WORKLOAD.spiffeId(),
                Instant.now().minusSeconds(10),
                Instant.now().plusSeconds(3_600)));
        private volatile Status status;
        private volatile boolean silent;
        private volatile boolean empty;
        private volatile int foreignRoots;

        @Override
        public void subscribeToX509SVIDs(
                SubscribeToX509SVIDsRequest request, StreamObserver<SubscribeToX509SVIDsResponse> answer) {
            requests.add(request);
            if (silent || refused(answer)) {
                return;
            }
            SubscribeToX509SVIDsResponse.Builder response = SubscribeToX509SVIDsResponse.newBuilder();
            if (!empty) {
                response.addFederatesWith("spiffe://foreign.test")
                        .addX509Svids(X509SVIDWithKey.newBuilder()
                                .setX509SvidKey(
                                        ByteString.copyFrom(pair.getPrivate().getEncoded()))
                                .setX509Svid(X509SVID.newBuilder()
                                        .addCertChain(leaf)
                                        .setId(SPIFFEID.newBuilder()
                                                .setTrustDomain("example.org")
                                                .setPath(WORKLOAD.spiffeId().path()))));
            }
            keep(answer);
            answer.onNext(response.build());
        }

        @Override
        public void subscribeToX509Bundles(
                SubscribeToX509BundlesRequest request, StreamObserver<SubscribeToX509BundlesResponse> answer) {
            if (refused(answer)) {
                return;
            }
            SubscribeToX509BundlesResponse.Builder response = SubscribeToX509BundlesResponse.newBuilder()
                    .putCaCertificates("spiffe://example.org", der(CA.root()));
            if (foreignRoots > 0) {
                ByteString root = der(CA.root());
                List<ByteString> all = new ArrayList<>();
                for (int i = 0; i < foreignRoots; i++) {
                    all.add(root);
                }
                ByteString many = ByteString.copyFrom(all);
                assertThat(many.size()).isGreaterThan(4 << 20);
                response.putCaCertificates("spiffe://foreign.test", many);
            }
            keep(answer);
            answer.onNext(response.build());
        }

        private void keep(StreamObserver<?> answer) {
            ServerCallStreamObserver<?> stream = (ServerCallStreamObserver<?>) answer;
            streams.add(stream);
            stream.setOnCancelHandler(() -> streams.remove(stream));
        }

        private boolean refused(StreamObserver<?> answer) {
            Status refusal = status;
            if (refusal != null) {
                answer.onError(refusal.asException());
            }
            return refusal != null;
        }

        private static ByteString der(X509Certificate certificate) {
            try {
                return ByteString.copyFrom(certificate.getEncoded());
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
