package io.hbone.identity.istio;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.hbone.core.SpiffeId;
import io.hbone.core.TunnelError;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.CertificateFetcher;
import io.hbone.identity.internal.CertificateRequests;
import io.hbone.identity.internal.SigningCa;
import io.hbone.identity.istio.proto.IstioCertificateRequest;
import io.hbone.identity.istio.proto.IstioCertificateResponse;
import io.hbone.identity.istio.proto.IstioCertificateServiceGrpc;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks an Istio CA for certificates: a new key on P-256 and a request for each, the answer verified before anybody sees it
 * (spec/ztunnel.md 9.2). The key never leaves the process. The token file and the roots are read anew when they change.
 */
public final class IstioCaFetcher implements CertificateFetcher {
    private static final String IMPERSONATED = "ImpersonatedIdentity";

    /** Keys, token files and answers are a few milliseconds' work. */
    private static final int THREADS = 2;

    private final CaChannel channel;
    private final CaRoots roots;
    private final CallMetadata metadata;
    private final Duration lifetime;
    private final Duration deadline;
    private final boolean impersonate;
    private final Clock clock;
    private final ExecutorService executor;

    IstioCaFetcher(IstioCaFetcherBuilder builder) {
        executor = Executors.newFixedThreadPool(THREADS, work -> {
            Thread thread = new Thread(work, "hbone-istio-ca");
            thread.setDaemon(true);
            return thread;
        });
        roots = builder.roots();
        channel = new CaChannel(builder.host(), builder.port(), builder.mark(), roots, builder.names(), executor);
        metadata = builder.metadata();
        lifetime = builder.lifetime();
        deadline = builder.deadline();
        impersonate = builder.impersonate();
        clock = builder.clock();
    }

    /**
     * A client of the CA at {@code address}.
     *
     * @param address {@code https://host:port}, or without the scheme; the port is 15012 if not said
     * @throws IllegalArgumentException when it is something else
     */
    public static IstioCaFetcherBuilder builder(String address) {
        return new IstioCaFetcherBuilder(address);
    }

    @Override
    public String name() {
        return "istio-ca";
    }

    @Override
    public CompletionStage<WorkloadCertificate> fetch(WorkloadIdentity workload) {
        CompletableFuture<WorkloadCertificate> result = new CompletableFuture<>();
        try {
            executor.execute(() -> ask(workload, result));
        } catch (RejectedExecutionException e) {
            fail(result, workload, "the client of the CA is closed", null);
        }
        return result.minimalCompletionStage();
    }

    private void ask(WorkloadIdentity workload, CompletableFuture<WorkloadCertificate> result) {
        try {
            SpiffeId id = workload.spiffeId();
            KeyPair key = SigningCa.newKey();
            IstioCertificateRequest.Builder request = IstioCertificateRequest.newBuilder()
                    .setCsr(CertificateRequests.write(id, key))
                    .setValidityDuration(lifetime.toSeconds());
            if (impersonate) {
                Value value = Value.newBuilder().setStringValue(id.toString()).build();
                request.setMetadata(Struct.newBuilder().putFields(IMPERSONATED, value));
            }
            Metadata headers = metadata.read();
            IstioCertificateServiceGrpc.newStub(channel.current())
                    .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .createCertificate(request.build(), new Answer(workload, key, result));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            fail(result, workload, "CA " + channel + " not asked: " + e.getMessage(), e);
        }
    }

    private final class Answer implements StreamObserver<IstioCertificateResponse> {
        private final WorkloadIdentity workload;
        private final KeyPair key;
        private final CompletableFuture<WorkloadCertificate> result;

        Answer(WorkloadIdentity workload, KeyPair key, CompletableFuture<WorkloadCertificate> result) {
            this.workload = workload;
            this.key = key;
            this.result = result;
        }

        @Override
        public void onNext(IstioCertificateResponse response) {
            try {
                result.complete(
                        CaResponse.read(response.getCertChainList(), workload.spiffeId(), key, clock.instant()));
            } catch (GeneralSecurityException | RuntimeException e) {
                fail(
                        result,
                        workload,
                        "CA " + channel + " answered wrongly: " + e.getMessage() + ": look at the CA and its version",
                        e);
            }
        }

        @Override
        public void onError(Throwable failure) {
            fail(result, workload, CallFailures.explain(failure, channel, roots, metadata.tokenFile()), failure);
        }

        @Override
        public void onCompleted() {
            // gRPC makes sure that there was an answer.
        }
    }

    private static void fail(
            CompletableFuture<WorkloadCertificate> result,
            WorkloadIdentity workload,
            String why,
            @Nullable Throwable cause) {
        result.completeExceptionally(new TunnelException(
                TunnelError.CERTIFICATE_UNAVAILABLE, "identity error: " + workload + ": " + why, cause));
    }

    @Override
    public void close() {
        channel.close();
        // What is queued runs and finds the channel closed.
        executor.shutdown();
    }
}
