package io.hbone.enrollment;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Other machines, of which some listen. */
final class FakePeers implements PeerArrivals.Connector {
    /** Addresses on which somebody listens. */
    final Set<String> listening = new HashSet<>();

    /** Where somebody tried to connect. */
    final List<String> tried = new ArrayList<>();

    /** Those that have not been answered; nobody is when this is null. */
    List<CompletableFuture<Boolean>> pending;

    @Override
    public CompletionStage<Boolean> connect(InetSocketAddress address, Duration patience) {
        String host = address.getAddress().getHostAddress();
        tried.add(host + ':' + address.getPort());
        if (pending != null) {
            CompletableFuture<Boolean> answer = new CompletableFuture<>();
            pending.add(answer);
            return answer;
        }
        return CompletableFuture.completedFuture(listening.contains(host));
    }

    @Override
    public void close() {}
}
