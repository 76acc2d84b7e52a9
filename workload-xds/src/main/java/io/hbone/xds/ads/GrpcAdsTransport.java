package io.hbone.xds.ads;

import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.unix.IntegerUnixChannelOption;
import io.hbone.core.ServerNames;
import io.hbone.xds.proto.discovery.AggregatedDiscoveryServiceGrpc;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * gRPC over TCP with TLS, or over a unix socket (spec/ztunnel.md 7.1, spec/cilium.md 6.1). Each stream has a connection of its
 * own, so that names are resolved, and roots and token are read, anew for each.
 */
public final class GrpcAdsTransport implements AdsTransport {
    private static final int CONNECT_TIMEOUT_MILLIS = 5000;
    private static final int MAX_MESSAGE = 200 << 20;
    /** SOL_SOCKET and SO_MARK of the Linux kernel (asm-generic/socket.h). */
    private static final ChannelOption<Integer> SO_MARK = new IntegerUnixChannelOption("SO_MARK", 1, 36);

    private static final String PEM = "-----BEGIN ";
    private static final String SYSTEM = "SYSTEM";

    private final Builder builder;

    private GrpcAdsTransport(Builder builder) {
        this.builder = builder;
    }

    /** A builder of a transport to {@code address}. */
    public static Builder builder(XdsAddress address) {
        return new Builder(address);
    }

    @Override
    public Stream open(Listener listener) {
        ManagedChannel channel;
        Metadata headers;
        try {
            headers = builder.metadata();
            channel = builder.channel();
        } catch (IOException | RuntimeException e) {
            listener.onClosed(Status.UNAVAILABLE
                    .withDescription("no connection to " + builder.address + ": " + e.getMessage())
                    .withCause(e));
            return new GrpcStream(null, null);
        }
        ClientCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call = channel.newCall(
                AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod(), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(DeltaDiscoveryResponse message) {
                        listener.onResponse(message);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        channel.shutdownNow();
                        listener.onClosed(status);
                    }
                },
                headers);
        return new GrpcStream(channel, call);
    }

    /** Streams have all that there is to close. */
    @Override
    public void close() {}

    private record GrpcStream(
            @Nullable ManagedChannel channel, @Nullable ClientCall<DeltaDiscoveryRequest, DeltaDiscoveryResponse> call)
            implements Stream {
        @Override
        public void send(DeltaDiscoveryRequest request) {
            if (call != null) {
                call.sendMessage(request);
            }
        }

        @Override
        public void request() {
            if (call != null) {
                call.request(1);
            }
        }

        @Override
        public void cancel(String why) {
            if (call != null) {
                call.cancel(why, null);
            }
            if (channel != null) {
                channel.shutdownNow();
            }
        }
    }

    /** Builds a {@link GrpcAdsTransport}. */
    public static final class Builder {
        private final XdsAddress address;
        private final Map<String, String> headers = new LinkedHashMap<>();
        private String roots = SYSTEM;
        private String token = "";
        private @Nullable String alternativeName;
        private @Nullable Integer mark;

        private Builder(XdsAddress address) {
            this.address = Objects.requireNonNull(address, "address");
        }

        /** Who may sign the server's certificate: a file, PEM itself, or {@code SYSTEM}, which it is if not said. */
        public Builder roots(String value) {
            roots = value;
            return this;
        }

        /** The token that the server knows the client by: a file, or the token itself; empty, none, if not said. */
        public Builder token(String value) {
            token = value;
            return this;
        }

        /**
         * What the server's certificate may be for, too, besides the host of its address; null, nothing, if not said; {@code
         * ALT_XDS_HOSTNAME}.
         */
        public Builder alternativeName(@Nullable String value) {
            alternativeName = value;
            return this;
        }

        /**
         * The packet mark of connections over TCP, so that redirect rules can tell them from an application's and do not lead
         * them into the node that makes them; null, none, if not said. Takes Linux and CAP_NET_ADMIN.
         */
        public Builder mark(@Nullable Integer value) {
            mark = value;
            return this;
        }

        /** The cluster that the client tells of, header {@code clusterid}. */
        public Builder clusterId(String value) {
            return header("clusterid", value);
        }

        /** One more header; {@code XDS_HEADER_<name>}. */
        public Builder header(String name, String value) {
            headers.put(name.toLowerCase(Locale.ROOT), value);
            return this;
        }

        /** Every {@code XDS_HEADER_<name>} of an environment. */
        public Builder headersOf(Map<String, String> environment) {
            String prefix = "XDS_HEADER_";
            environment.forEach((name, value) -> {
                if (name.startsWith(prefix) && name.length() > prefix.length()) {
                    header(name.substring(prefix.length()), value);
                }
            });
            return this;
        }

        public GrpcAdsTransport build() {
            return new GrpcAdsTransport(this);
        }

        private ManagedChannel channel() throws IOException {
            ManagedChannelBuilder<?> channel;
            if (address instanceof XdsAddress.Tcp tcp) {
                NettyChannelBuilder overTcp = NettyChannelBuilder.forAddress(
                        tcp.host(), tcp.port(), tcp.tls() ? tls(tcp.host()) : InsecureChannelCredentials.create());
                overTcp.withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS);
                if (mark != null) {
                    overTcp.withOption(SO_MARK, mark);
                }
                channel = overTcp;
            } else {
                Path path = ((XdsAddress.Unix) address).path();
                channel =
                        Grpc.newChannelBuilder("unix://" + path.toAbsolutePath(), InsecureChannelCredentials.create());
                channel.overrideAuthority("localhost");
                if (channel instanceof NettyChannelBuilder overUnix) {
                    // gRPC's default is of TCP, and each connection would be warned about.
                    overUnix.withOption(ChannelOption.SO_KEEPALIVE, null);
                }
            }
            return channel.maxInboundMessageSize(MAX_MESSAGE)
                    .keepAliveTime(30, TimeUnit.SECONDS)
                    .keepAliveTimeout(10, TimeUnit.SECONDS)
                    .disableRetry()
                    .build();
        }

        private ChannelCredentials tls(String host) throws IOException {
            byte[] pem = roots.equals(SYSTEM)
                    ? null
                    : roots.startsWith(PEM)
                            ? roots.getBytes(StandardCharsets.UTF_8)
                            : Files.readAllBytes(Path.of(roots));
            if (alternativeName != null) {
                return TlsChannelCredentials.newBuilder()
                        .trustManager(ServerTrust.of(pem, ServerNames.of(host, alternativeName)))
                        .build();
            }
            return pem == null
                    ? TlsChannelCredentials.create()
                    : TlsChannelCredentials.newBuilder()
                            .trustManager(new ByteArrayInputStream(pem))
                            .build();
        }

        private Metadata metadata() throws IOException {
            Metadata metadata = new Metadata();
            headers.forEach((name, value) -> metadata.put(key(name), value));
            if (!token.isEmpty()) {
                Path file = Path.of(token);
                String value = Files.exists(file) ? Files.readString(file).strip() : token.strip();
                metadata.put(key("authorization"), "Bearer " + value);
            }
            return metadata;
        }

        private static Metadata.Key<String> key(String name) {
            return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
        }
    }
}
