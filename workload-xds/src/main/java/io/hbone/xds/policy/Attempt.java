package io.hbone.xds.policy;

import io.hbone.core.Authorizer;
import io.hbone.core.SpiffeId;
import io.hbone.xds.model.Cidr;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** A connection in the form in which rules look at it: made once, so that rules need not allocate. */
final class Attempt {
    private static final int SCHEME = "spiffe://".length();

    /** The identity without its scheme; null for plaintext. */
    final @Nullable String principal;

    /** The identity's path when it names a service account, else null. */
    final @Nullable String serviceAccountPath;

    /** The identity's namespace; empty without one. */
    final String namespace;

    final Cidr source;
    final Cidr destination;
    final int port;

    private Attempt(@Nullable SpiffeId identity, InetAddress source, InetAddress destination, int port) {
        String ofIdentity = identity == null ? null : identity.namespace();
        principal = identity == null ? null : identity.toString().substring(SCHEME);
        serviceAccountPath = identity == null || ofIdentity == null ? null : identity.path();
        namespace = ofIdentity == null ? "" : ofIdentity;
        this.source = Cidr.of(source);
        this.destination = Cidr.of(destination);
        this.port = port;
    }

    static Attempt of(Authorizer.Request request) {
        return new Attempt(
                request.identity(),
                address(request.source()),
                address(request.destination()),
                request.destination().getPort());
    }

    /** The path of an identity that a policy describes by its parts. */
    static String path(Policy.ServiceAccount account) {
        return "/ns/" + account.namespace() + "/sa/" + account.name();
    }

    private static InetAddress address(InetSocketAddress socket) {
        InetAddress address = socket.getAddress();
        if (address == null) {
            throw new IllegalArgumentException("address: " + socket + " (expected: resolved)");
        }
        return address;
    }
}
