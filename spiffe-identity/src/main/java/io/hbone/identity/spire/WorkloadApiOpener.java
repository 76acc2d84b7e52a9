package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.UnixEndpoint;
import io.spiffe.bundle.x509bundle.X509Bundle;
import io.spiffe.exception.SocketEndpointAddressException;
import io.spiffe.svid.x509svid.X509Svid;
import io.spiffe.workloadapi.DefaultWorkloadApiClient;
import io.spiffe.workloadapi.Watcher;
import io.spiffe.workloadapi.WorkloadApiClient;
import io.spiffe.workloadapi.X509Context;
import io.spiffe.workloadapi.retry.ExponentialBackoffPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks for this process's own SVIDs, by java-spiffe's client of the Workload API (spec/spire.md 2). Left to itself that client
 * does not say that the agent is away, so it may retry once, at once; then it is closed and a new one is made in due time.
 */
final class WorkloadApiOpener implements SvidOpener {
    private static final Object SELF = "this process";

    /** Whole seconds count there: this is none, and the fewest retries that can be asked for. */
    private static final ExponentialBackoffPolicy ONCE = ExponentialBackoffPolicy.builder()
            .initialDelay(Duration.ofMillis(100))
            .maxDelay(Duration.ofMillis(100))
            .maxRetries(1)
            .build();

    private final UnixEndpoint endpoint;
    private final AgentSocket socket;

    WorkloadApiOpener(UnixEndpoint endpoint) {
        this.endpoint = endpoint;
        this.socket = new AgentSocket(endpoint, "Workload API", "socket_path");
    }

    @Override
    public Object subject(WorkloadIdentity workload) {
        return SELF;
    }

    @Override
    public String describe(Object subject) {
        return SELF.toString();
    }

    @Override
    public AgentCall open(WorkloadIdentity workload, Object subject, AgentCall.Receiver<SvidUpdate> receiver) {
        return open(receiver);
    }

    AgentCall open(AgentCall.Receiver<SvidUpdate> receiver) {
        WorkloadApiClient client;
        try {
            client = DefaultWorkloadApiClient.newClient(DefaultWorkloadApiClient.ClientOptions.builder()
                    .spiffeSocketPath(endpoint.uri())
                    .exponentialBackoffPolicy(ONCE)
                    .build());
        } catch (SocketEndpointAddressException e) {
            receiver.onEnd(AgentFailure.configuration(String.valueOf(e.getMessage()), e));
            return () -> {};
        }
        client.watchX509Context(new Watcher<>() {
            @Override
            public void onUpdate(X509Context update) {
                receiver.onMessage(read(update));
            }

            @Override
            public void onError(Throwable error) {
                receiver.onEnd(explain(error));
            }
        });
        return () -> {
            try {
                client.close();
            } catch (IOException e) {
                // Its interface says so; nothing is left to be done about it.
                throw new UncheckedIOException(e);
            }
        };
    }

    @Override
    public void close() {}

    private AgentFailure explain(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof StatusRuntimeException || cause instanceof StatusException) {
                return socket.explain(Status.fromThrowable(cause));
            }
        }
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return AgentFailure.temporary(
                "the agent's update cannot be used: " + Quoted.text(String.valueOf(root.getMessage())), error);
    }

    private static SvidUpdate read(X509Context context) {
        Map<String, ByteString> bundles = new HashMap<>();
        for (X509Bundle bundle : context.getX509BundleSet().getBundles().values()) {
            bundles.put(bundle.getTrustDomain().getName(), der(bundle.getX509Authorities()));
        }
        List<Svid> svids = new ArrayList<>();
        for (X509Svid svid : context.getX509Svids()) {
            svids.add(new Svid(
                    svid.getSpiffeId().toString(),
                    List.of(der(svid.getChain())),
                    ByteString.copyFrom(svid.getPrivateKey().getEncoded()),
                    bundles.getOrDefault(svid.getSpiffeId().getTrustDomain().getName(), ByteString.EMPTY)));
        }
        return new SvidUpdate(svids, List.of(), bundles);
    }

    private static ByteString der(Collection<X509Certificate> certificates) {
        ByteString der = ByteString.EMPTY;
        for (X509Certificate certificate : certificates) {
            try {
                der = der.concat(ByteString.copyFrom(certificate.getEncoded()));
            } catch (CertificateEncodingException e) {
                throw new IllegalArgumentException("a certificate that was read cannot be written", e);
            }
        }
        return der;
    }
}
