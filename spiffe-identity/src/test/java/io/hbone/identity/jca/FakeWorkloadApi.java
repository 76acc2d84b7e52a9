package io.hbone.identity.jca;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hbone.core.WorkloadCertificate;
import io.spiffe.workloadapi.grpc.SpiffeWorkloadAPIGrpc;
import io.spiffe.workloadapi.grpc.Workload.X509SVID;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDRequest;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDResponse;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** An agent's Workload API with one SVID for everybody. */
final class FakeWorkloadApi extends SpiffeWorkloadAPIGrpc.SpiffeWorkloadAPIImplBase {
    private final List<StreamObserver<X509SVIDResponse>> streams = new ArrayList<>();
    private X509SVIDResponse latest;

    FakeWorkloadApi(WorkloadCertificate first) {
        latest = response(first);
    }

    @Override
    public synchronized void fetchX509SVID(X509SVIDRequest request, StreamObserver<X509SVIDResponse> stream) {
        // Programs end when they like, and then their stream takes nothing more.
        ((ServerCallStreamObserver<X509SVIDResponse>) stream).setOnCancelHandler(() -> forget(stream));
        streams.add(stream);
        stream.onNext(latest);
    }

    private synchronized void forget(StreamObserver<X509SVIDResponse> stream) {
        streams.remove(stream);
    }

    synchronized void rotate(WorkloadCertificate next) {
        latest = response(next);
        streams.forEach(stream -> stream.onNext(latest));
    }

    private static X509SVIDResponse response(WorkloadCertificate certificate) {
        return X509SVIDResponse.newBuilder()
                .addSvids(X509SVID.newBuilder()
                        .setSpiffeId(certificate.id().toString())
                        .setX509Svid(der(certificate.chain()))
                        .setX509SvidKey(
                                ByteString.copyFrom(certificate.privateKey().getEncoded()))
                        .setBundle(der(certificate
                                .bundles()
                                .of(certificate.id().trustDomain())
                                .authorities())))
                .build();
    }

    private static ByteString der(Collection<X509Certificate> certificates) {
        ByteString der = ByteString.EMPTY;
        for (X509Certificate certificate : certificates) {
            try {
                der = der.concat(ByteString.copyFrom(certificate.getEncoded()));
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException(e);
            }
        }
        return der;
    }
}
