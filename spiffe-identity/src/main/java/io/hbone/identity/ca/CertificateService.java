package io.hbone.identity.ca;

import com.google.protobuf.Value;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.hbone.core.SpiffeId;
import io.hbone.identity.internal.CertificateRequests;
import io.hbone.identity.internal.Pem;
import io.hbone.identity.istio.proto.IstioCertificateRequest;
import io.hbone.identity.istio.proto.IstioCertificateResponse;
import io.hbone.identity.istio.proto.IstioCertificateServiceGrpc.IstioCertificateServiceImplBase;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Answers one request: token, then identity, then key, then policy; every answer leaves a line in the log. */
final class CertificateService extends IstioCertificateServiceImplBase {
    private static final String IMPERSONATED = "ImpersonatedIdentity";

    private final CertificateAuthority authority;
    private final IssuancePolicy policy;
    private final TokenAuthenticator authenticator;
    private final Audit audit = new Audit();

    CertificateService(CertificateAuthority authority, IssuancePolicy policy, TokenAuthenticator authenticator) {
        this.authority = authority;
        this.policy = policy;
        this.authenticator = authenticator;
    }

    @Override
    public void createCertificate(IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> observer) {
        CallOrigin origin = CallOrigin.current();
        String token = origin.token();
        if (token == null) {
            refuse(observer, origin, "nobody", Status.UNAUTHENTICATED, "no token (expected: authorization: Bearer)");
            return;
        }
        authenticated(token).whenComplete((caller, failure) -> {
            if (caller != null) {
                answer(request, observer, origin, caller);
                return;
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause instanceof TokenRejectedException) {
                // Why is for our log alone.
                audit.refused(origin, "nobody", "token rejected: " + cause.getMessage());
                fail(observer, Status.UNAUTHENTICATED, "the token is not accepted");
            } else {
                audit.refused(origin, "nobody", "token cannot be verified: " + cause);
                fail(observer, Status.UNAVAILABLE, "the token cannot be verified now");
            }
        });
    }

    private CompletionStage<Caller> authenticated(String token) {
        try {
            return authenticator.authenticate(token);
        } catch (RuntimeException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    private void answer(
            IstioCertificateRequest request,
            StreamObserver<IstioCertificateResponse> observer,
            CallOrigin origin,
            Caller caller) {
        CertificateRequests.Request csr;
        SpiffeId id;
        boolean impersonated = request.getMetadata().containsFields(IMPERSONATED);
        try {
            csr = CertificateRequests.read(request.getCsr());
            id = identity(csr, impersonated ? request.getMetadata().getFieldsOrThrow(IMPERSONATED) : null, caller);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            refuse(observer, origin, caller.name(), Status.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
            return;
        }
        String refusal = policy.refusal(id);
        if (refusal != null) {
            refuse(observer, origin, caller.name(), Status.PERMISSION_DENIED, refusal);
            return;
        }
        caller.mayHave(id, impersonated).whenComplete((may, failure) -> {
            if (failure != null) {
                audit.refused(origin, caller.name(), id + ": cannot be decided: " + failure);
                fail(observer, Status.UNAVAILABLE, "what the token allows cannot be found out now");
            } else if (!may) {
                refuse(
                        observer,
                        origin,
                        caller.name(),
                        Status.PERMISSION_DENIED,
                        "the token does not allow " + id + (impersonated ? " by impersonation" : ""));
            } else {
                issue(observer, origin, caller, id, csr, request.getValidityDuration(), impersonated);
            }
        });
    }

    /** Who the certificate is for: who is impersonated, else whom the request names, else whose the token is; they must agree. */
    private static SpiffeId identity(CertificateRequests.Request csr, @Nullable Value impersonated, Caller caller)
            throws GeneralSecurityException {
        List<String> uris = csr.uris();
        if (uris.size() > 1) {
            throw new GeneralSecurityException("csr: " + uris.size() + " URI names (expected: one, or none)");
        }
        SpiffeId named = uris.isEmpty() ? null : SpiffeId.parseStrict(uris.get(0));
        if (impersonated != null) {
            SpiffeId asked = SpiffeId.parseStrict(impersonated.getStringValue());
            if (named != null && !named.equals(asked)) {
                throw new GeneralSecurityException(
                        "csr: names " + named + " (expected: " + asked + ", as in " + IMPERSONATED + ")");
            }
            return asked;
        }
        SpiffeId id = named == null ? caller.self() : named;
        if (id == null) {
            throw new GeneralSecurityException(
                    "csr: no URI name (expected: one, as the token is for several identities)");
        }
        return id;
    }

    private void issue(
            StreamObserver<IstioCertificateResponse> observer,
            CallOrigin origin,
            Caller caller,
            SpiffeId id,
            CertificateRequests.Request csr,
            long seconds,
            boolean impersonated) {
        X509Certificate leaf;
        try {
            leaf = authority.issue(id, csr.key(), policy.lifetime(seconds));
        } catch (GeneralSecurityException | RuntimeException e) {
            audit.refused(origin, caller.name(), id + ": not signed: " + e.getMessage());
            fail(observer, Status.INTERNAL, "not signed");
            return;
        }
        audit.issued(origin, caller.name(), id, leaf, impersonated);
        IstioCertificateResponse.Builder response = IstioCertificateResponse.newBuilder();
        response.addCertChain(Pem.write(List.of(leaf)));
        authority.intermediates().forEach(certificate -> response.addCertChain(Pem.write(List.of(certificate))));
        response.addCertChain(Pem.write(authority.roots()));
        observer.onNext(response.build());
        observer.onCompleted();
    }

    private void refuse(
            StreamObserver<IstioCertificateResponse> observer,
            CallOrigin origin,
            String caller,
            Status status,
            String why) {
        audit.refused(origin, caller, why);
        fail(observer, status, why);
    }

    private static void fail(StreamObserver<IstioCertificateResponse> observer, Status status, String why) {
        observer.onError(new StatusRuntimeException(status.withDescription(why)));
    }
}
