package io.hbone.identity.spire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslProvider;
import io.grpc.stub.StreamObserver;
import io.hbone.core.IdentitySource;
import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.broker.proto.APIGrpc;
import io.hbone.identity.broker.proto.KubernetesObjectReference;
import io.hbone.identity.broker.proto.SubscribeToX509SVIDRequest;
import io.hbone.identity.broker.proto.SubscribeToX509SVIDResponse;
import io.hbone.identity.broker.proto.X509SVID;
import io.hbone.identity.testing.RecordingObserver;
import io.hbone.identity.testing.TestAuthority;
import io.hbone.identity.testing.UnixServer;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** By pod, over a real socket with mutual TLS, of an agent that knows one pod. By process: {@link SpirePeerTest}. */
@Timeout(60)
class BrokerSourceTest {
    private static final TestAuthority CA = new TestAuthority("example.org", Instant.now());
    private static final SpiffeId AGENT = SpiffeId.parse("spiffe://example.org/spire/agent/join_token/1");
    private static final WorkloadIdentity SELF =
            new WorkloadIdentity("self", SpiffeId.parse("spiffe://example.org/broker"));
    private static final WorkloadIdentity POD =
            new WorkloadIdentity("0d5e-pod-uid", SpiffeId.parse("spiffe://example.org/ns/shop/sa/cart"));

    @TempDir
    private Path folder;

    private final RecordingObserver observer = new RecordingObserver();
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private final Agent agent = new Agent();
    private UnixServer server;
    private ManagedIdentitySource source;

    private void open(SpiffeId agentId) throws Exception {
        UnixEndpoint endpoint = new UnixEndpoint(folder.resolve("broker.sock"));
        WorkloadCertificate certificate = issue(agentId);
        SslContext tls = GrpcSslContexts.configure(
                        SslContextBuilder.forServer(certificate.privateKey(), certificate.leaf()), SslProvider.JDK)
                .clientAuth(ClientAuth.REQUIRE)
                .trustManager(CA.root())
                .build();
        server = new UnixServer(endpoint, tls, () -> ServerInterceptors.intercept(agent, new Callers()));
        source = BrokerSource.byPod(
                endpoint, new Own(), SELF, Duration.ofSeconds(5), SourceContext.of(executor, observer));
    }

    @AfterEach
    void close() {
        source.close();
        server.close();
        executor.shutdown();
    }

    private WorkloadCertificate obtain(WorkloadIdentity workload) throws Exception {
        return source.certificate(workload).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static WorkloadCertificate issue(SpiffeId id) {
        Instant now = Instant.now();
        return CA.issue(id, now.minus(Duration.ofMinutes(1)), now.plus(Duration.ofHours(1)));
    }

    @Test
    void pod_isAskedForByItsUid_asOneselfByOnesOwnSvid() throws Exception {
        open(AGENT);
        WorkloadCertificate certificate = obtain(POD);
        assertThat(certificate.id()).isEqualTo(POD.spiffeId());
        assertThat(certificate.bundles().of(CA.trustDomain()).authorities()).containsExactly(CA.root());
        assertThat(agent.asked).singleElement().satisfies(asked -> {
            assertThat(asked.getTypeUrl()).isEqualTo("type.googleapis.com/spiffe.broker.KubernetesObjectReference");
            KubernetesObjectReference pod = KubernetesObjectReference.parseFrom(asked.getValue());
            assertThat(pod.getUid()).isEqualTo(POD.uid());
            assertThat(pod.getType().getPlural()).isEqualTo("pods");
            assertThat(pod.getType().getGroup()).isEqualTo("core");
        });
        assertThat(agent.callers).containsExactly(SELF.spiffeId());
        assertThat(source.identities())
                .singleElement()
                .satisfies(status -> assertThat(status.source()).isEqualTo("broker-pod"));
    }

    @Test
    void podThatTheAgentDoesNotKnow_hasNone_andOthersHave() throws Exception {
        open(AGENT);
        WorkloadIdentity unknown = new WorkloadIdentity("unknown", POD.spiffeId());
        assertThatThrownBy(() -> obtain(unknown)).hasMessageContaining(unknown.toString());
        assertThat(source.current(unknown)).isNull();
        assertThat(obtain(POD).id()).isEqualTo(POD.spiffeId());
    }

    /** Whoever listens on the socket would be told which pods there are, and would hand out their keys. */
    @Test
    void listenerThatIsNoAgent_isNotAsked() throws Exception {
        open(SpiffeId.parse("spiffe://example.org/ns/shop/sa/impostor"));
        assertThatThrownBy(() -> obtain(POD))
                .hasMessageContaining("is not believed to be the agent")
                .hasMessageContaining("impostor (expected: an agent of example.org");
        assertThat(agent.asked).isEmpty();
        assertThat(source.current(POD)).isNull();
    }

    private static final class Agent extends APIGrpc.APIImplBase {
        private final List<Any> asked = new CopyOnWriteArrayList<>();
        private final List<SpiffeId> callers = new CopyOnWriteArrayList<>();

        @Override
        public void subscribeToX509SVID(
                SubscribeToX509SVIDRequest request, StreamObserver<SubscribeToX509SVIDResponse> stream) {
            Any reference = request.getReference().getReference();
            asked.add(reference);
            try {
                if (!KubernetesObjectReference.parseFrom(reference.getValue())
                        .getUid()
                        .equals(POD.uid())) {
                    stream.onError(Status.PERMISSION_DENIED
                            .withDescription("no identity issued")
                            .asException());
                    return;
                }
                WorkloadCertificate certificate = issue(POD.spiffeId());
                stream.onNext(SubscribeToX509SVIDResponse.newBuilder()
                        .addSvids(X509SVID.newBuilder()
                                .setSpiffeId(certificate.id().toString())
                                .setX509Svid(
                                        ByteString.copyFrom(certificate.leaf().getEncoded()))
                                .setX509SvidKey(ByteString.copyFrom(
                                        certificate.privateKey().getEncoded()))
                                .setBundle(ByteString.copyFrom(CA.root().getEncoded())))
                        .build());
            } catch (Exception e) {
                stream.onError(e);
            }
        }
    }

    /** Who calls; and a call without the header that keeps browsers and the like away is refused, as by SPIRE. */
    private final class Callers implements ServerInterceptor {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            try {
                agent.callers.add(SpiffeId.of((X509Certificate) call.getAttributes()
                        .get(Grpc.TRANSPORT_ATTR_SSL_SESSION)
                        .getPeerCertificates()[0]));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            if (!"true".equals(headers.get(Metadata.Key.of("broker.spiffe.io", Metadata.ASCII_STRING_MARSHALLER)))) {
                call.close(Status.INVALID_ARGUMENT, new Metadata());
                return new ServerCall.Listener<>() {};
            }
            return next.startCall(call, headers);
        }
    }

    /** This process's own identity. */
    private static final class Own implements IdentitySource {
        private final WorkloadCertificate certificate = issue(SELF.spiffeId());

        @Override
        public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
            return CompletableFuture.completedStage(certificate);
        }

        @Override
        public WorkloadCertificate current(WorkloadIdentity workload) {
            return certificate;
        }

        @Override
        public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
            return () -> {};
        }

        @Override
        public void forget(WorkloadIdentity workload) {}

        @Override
        public void close() {}
    }
}
