package io.hbone.xds.ads;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import io.hbone.xds.proto.discovery.Resource;
import java.util.ArrayList;
import java.util.List;

/** The other end of a client, as a test wants it. */
final class FakeServer implements AdsTransport {
    /** One entry for each stream that was opened. */
    final List<FakeStream> streams = new ArrayList<>();

    FakeStream last() {
        return streams.get(streams.size() - 1);
    }

    @Override
    public Stream open(Listener listener) {
        FakeStream stream = new FakeStream(listener);
        streams.add(stream);
        return stream;
    }

    @Override
    public void close() {}

    /** A stream from the server's side. */
    static final class FakeStream implements Stream {
        final List<DeltaDiscoveryRequest> requests = new ArrayList<>();
        final Listener client;
        int wanted;
        boolean cancelled;
        private int nonce;

        FakeStream(Listener client) {
            this.client = client;
        }

        @Override
        public void send(DeltaDiscoveryRequest request) {
            requests.add(request);
        }

        @Override
        public void request() {
            wanted++;
        }

        @Override
        public void cancel(String why) {
            cancelled = true;
        }

        DeltaDiscoveryRequest lastRequest() {
            return requests.get(requests.size() - 1);
        }

        /** Sends a response; the client must have asked for one. */
        void respond(DeltaDiscoveryResponse.Builder response) {
            if (wanted-- <= 0) {
                throw new AssertionError("the client has not asked for a response");
            }
            client.onResponse(response.setNonce("n" + ++nonce).build());
        }

        void end(Status why) {
            client.onClosed(why);
        }
    }

    static DeltaDiscoveryResponse.Builder response(String type, Resource... resources) {
        return DeltaDiscoveryResponse.newBuilder().setTypeUrl(type).addAllResources(List.of(resources));
    }

    static Resource resource(String type, String name, String version, String body, String... aliases) {
        return Resource.newBuilder()
                .setName(name)
                .setVersion(version)
                .addAllAliases(List.of(aliases))
                .setResource(Any.newBuilder().setTypeUrl(type).setValue(ByteString.copyFromUtf8(body)))
                .build();
    }
}
