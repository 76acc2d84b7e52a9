package io.hbone.identity.spire;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.broker.proto.APIGrpc;
import io.hbone.identity.broker.proto.SubscribeToX509SVIDRequest;
import io.hbone.identity.broker.proto.SubscribeToX509SVIDResponse;
import io.hbone.identity.broker.proto.WorkloadPIDReference;
import io.hbone.identity.broker.proto.WorkloadReference;
import io.hbone.identity.broker.proto.X509SVID;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.internal.UnixChannels;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The SPIFFE Broker API of an agent (spec/spire.md 1b), over one connection on which we are known by our own SVID. */
final class BrokerApi implements PidOpener.Agent {
    private static final String TYPE_PREFIX = "type.googleapis.com/";
    private static final Metadata.Key<String> SECURITY_HEADER =
            Metadata.Key.of("broker.spiffe.io", Metadata.ASCII_STRING_MARSHALLER);

    private final AgentSocket socket;
    private final UnixChannels channels;
    private final IdentitySource own;
    private final WorkloadIdentity self;
    private final Actor actor;

    BrokerApi(UnixEndpoint endpoint, SslContext tls, IdentitySource own, WorkloadIdentity self, Actor actor) {
        this.socket = new AgentSocket(endpoint, "SPIFFE Broker API", "experimental.broker.socket_path");
        this.channels = new UnixChannels(endpoint, tls);
        this.own = own;
        this.self = self;
        this.actor = actor;
    }

    @Override
    public AgentCall svids(int pid, AgentCall.Receiver<SvidUpdate> receiver) {
        return svids(WorkloadPIDReference.newBuilder().setPid(pid).build(), receiver);
    }

    AgentCall svids(Message reference, AgentCall.Receiver<SvidUpdate> receiver) {
        BrokerCall call = new BrokerCall(request(reference), receiver);
        // The handshake needs a certificate of ours at hand.
        own.certificate(self).whenComplete((certificate, error) -> actor.execute(() -> call.start(error)));
        return call;
    }

    static SubscribeToX509SVIDRequest request(Message reference) {
        Any any = Any.newBuilder()
                .setTypeUrl(TYPE_PREFIX + reference.getDescriptorForType().getFullName())
                .setValue(reference.toByteString())
                .build();
        return SubscribeToX509SVIDRequest.newBuilder()
                .setReference(WorkloadReference.newBuilder().setReference(any))
                .build();
    }

    @Override
    public void close() {
        channels.close();
    }

    private static SvidUpdate read(SubscribeToX509SVIDResponse response) {
        List<Svid> svids = new ArrayList<>();
        for (X509SVID svid : response.getSvidsList()) {
            svids.add(
                    new Svid(svid.getSpiffeId(), List.of(svid.getX509Svid()), svid.getX509SvidKey(), svid.getBundle()));
        }
        return new SvidUpdate(svids, List.of(), response.getFederatedBundlesMap());
    }

    /** Starts when we have a certificate ourselves. Lives on the actor. */
    private final class BrokerCall implements AgentCall {
        private final SubscribeToX509SVIDRequest request;
        private final AgentCall.Receiver<SvidUpdate> receiver;
        private @Nullable AgentCall call;
        private boolean cancelled;

        BrokerCall(SubscribeToX509SVIDRequest request, AgentCall.Receiver<SvidUpdate> receiver) {
            this.request = request;
            this.receiver = receiver;
        }

        void start(@Nullable Throwable error) {
            if (cancelled) {
                return;
            }
            if (error != null) {
                receiver.onEnd(AgentFailure.temporary(
                        "no certificate of our own for the agent: " + error.getMessage(), error));
                return;
            }
            Metadata headers = new Metadata();
            headers.put(SECURITY_HEADER, "true");
            channels.channel().resetConnectBackoff();
            call = GrpcCall.start(
                    channels.channel(),
                    APIGrpc.getSubscribeToX509SVIDMethod(),
                    headers,
                    request,
                    BrokerApi::read,
                    socket::explain,
                    receiver);
        }

        @Override
        public void cancel() {
            cancelled = true;
            AgentCall running = call;
            if (running != null) {
                running.cancel();
            }
        }
    }
}
