package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.grpc.Metadata;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.internal.UnixChannels;
import io.hbone.identity.spire.proto.DelegatedIdentityGrpc;
import io.hbone.identity.spire.proto.SPIFFEID;
import io.hbone.identity.spire.proto.SubscribeToX509BundlesRequest;
import io.hbone.identity.spire.proto.SubscribeToX509BundlesResponse;
import io.hbone.identity.spire.proto.SubscribeToX509SVIDsRequest;
import io.hbone.identity.spire.proto.SubscribeToX509SVIDsResponse;
import io.hbone.identity.spire.proto.X509SVIDWithKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** SPIRE's Delegated Identity API on an agent's admin socket (spec/spire.md 1): one channel, however many streams. */
final class DelegatedApi implements PidOpener.Agent {
    private final AgentSocket socket;
    private final UnixChannels channels;

    DelegatedApi(UnixEndpoint endpoint) {
        this.socket = new AgentSocket(endpoint, "Delegated Identity API", "admin_socket_path");
        this.channels = new UnixChannels(endpoint, null);
    }

    AgentCall svids(Set<Selector> selectors, AgentCall.Receiver<SvidUpdate> receiver) {
        SubscribeToX509SVIDsRequest.Builder request = SubscribeToX509SVIDsRequest.newBuilder();
        for (Selector selector : selectors) {
            request.addSelectorsBuilder().setType(selector.type()).setValue(selector.value());
        }
        return svids(request.build(), receiver);
    }

    @Override
    public AgentCall svids(int pid, AgentCall.Receiver<SvidUpdate> receiver) {
        return svids(SubscribeToX509SVIDsRequest.newBuilder().setPid(pid).build(), receiver);
    }

    private AgentCall svids(SubscribeToX509SVIDsRequest request, AgentCall.Receiver<SvidUpdate> receiver) {
        retryAtOnce();
        return GrpcCall.start(
                channels.channel(),
                DelegatedIdentityGrpc.getSubscribeToX509SVIDsMethod(),
                new Metadata(),
                request,
                DelegatedApi::read,
                socket::explain,
                receiver);
    }

    AgentCall bundles(AgentCall.Receiver<Map<String, ByteString>> receiver) {
        retryAtOnce();
        return GrpcCall.start(
                channels.channel(),
                DelegatedIdentityGrpc.getSubscribeToX509BundlesMethod(),
                new Metadata(),
                SubscribeToX509BundlesRequest.getDefaultInstance(),
                SubscribeToX509BundlesResponse::getCaCertificatesMap,
                socket::explain,
                receiver);
    }

    /** The streams have a backoff of their own, much shorter than the channel's, which would fail them meanwhile. */
    private void retryAtOnce() {
        channels.channel().resetConnectBackoff();
    }

    @Override
    public void close() {
        channels.close();
    }

    private static SvidUpdate read(SubscribeToX509SVIDsResponse response) {
        List<Svid> svids = new ArrayList<>();
        for (X509SVIDWithKey each : response.getX509SvidsList()) {
            SPIFFEID id = each.getX509Svid().getId();
            svids.add(new Svid(
                    "spiffe://" + id.getTrustDomain() + id.getPath(),
                    each.getX509Svid().getCertChainList(),
                    each.getX509SvidKey(),
                    ByteString.EMPTY));
        }
        return new SvidUpdate(svids, response.getFederatesWithList(), null);
    }
}
