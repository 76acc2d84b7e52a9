package io.hbone.enrollment;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Awaits workloads of other machines that are said to be reached by HBONE: until somebody listens there, or for so long that they are
 * believed to be there all the same. Who says so may know it sooner than it is so, and connections would be refused meanwhile.
 *
 * <p>It connects, from the network namespace of who makes it, and sends nothing. Few connections are tried at once, and no thread is
 * blocked. Safe for use by any thread.
 */
public final class PeerArrivals implements AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(PeerArrivals.class);

    /** Of nodes, in every workload's namespace (spec/ztunnel.md 1.1). */
    private static final int HBONE_PORT = 15008;

    private static final int AT_ONCE = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration PAUSE_WHEN_OVERDUE = Duration.ofSeconds(10);

    private final AgentLoop loop;
    private final Connector connector;
    private final Duration deadline;
    private final RandomGenerator random;
    private final Map<String, Peer> peers = new ConcurrentHashMap<>();
    private final Deque<Peer> due = new ArrayDeque<>();
    private int trying;

    PeerArrivals(AgentLoop loop, Connector connector, Duration deadline, RandomGenerator random) {
        if (deadline.isNegative()) {
            throw new IllegalArgumentException("deadline: " + deadline + " (expected: zero or more)");
        }
        this.loop = loop;
        this.connector = connector;
        this.deadline = deadline;
        this.random = random;
    }

    /**
     * Starts it.
     *
     * @param deadline how long each is awaited; zero or more
     */
    public static PeerArrivals start(Duration deadline) {
        AgentLoop loop = AgentLoop.start(InstantSource.system(), "peer-arrivals");
        return new PeerArrivals(loop, new TcpConnector(), deadline, new java.util.Random());
    }

    /** Tries connections. */
    interface Connector extends AutoCloseable {
        /** @return whether somebody listens there, on any thread; false when that is not known in time */
        CompletionStage<Boolean> connect(InetSocketAddress address, Duration patience);

        @Override
        void close();
    }

    /** One that is awaited. Touched by the loop, but for {@code overdue}. */
    private static final class Peer {
        private final String uid;
        private final InetSocketAddress address;
        private final Runnable arrived;
        private volatile boolean overdue;

        Peer(String uid, InetSocketAddress address, Runnable arrived) {
            this.uid = uid;
            this.address = address;
            this.arrived = arrived;
        }
    }

    /**
     * Begins to await a workload, in the place of what was awaited by the same name.
     *
     * @param arrived is run once, by a thread that does this for all: when somebody listens there, or the time is over
     */
    void await(String uid, InetAddress address, Runnable arrived) {
        Peer peer = new Peer(uid, new InetSocketAddress(address, HBONE_PORT), arrived);
        peers.put(uid, peer);
        loop.execute(() -> {
            loop.after(deadline, () -> giveUp(peer));
            due.add(peer);
            tryNext();
        });
    }

    /** It is not awaited any more. */
    void dismiss(String uid) {
        peers.remove(uid);
    }

    /** How many are awaited. */
    int awaited() {
        return (int) peers.values().stream().filter(peer -> !peer.overdue).count();
    }

    /** Those that were awaited in vain and where still nobody listens; sorted. */
    List<String> unreached() {
        return peers.values().stream()
                .filter(peer -> peer.overdue)
                .map(peer -> peer.uid)
                .sorted()
                .toList();
    }

    private boolean isWanted(Peer peer) {
        return peers.get(peer.uid) == peer;
    }

    private void tryNext() {
        while (trying < AT_ONCE && !due.isEmpty()) {
            Peer peer = due.remove();
            if (!isWanted(peer)) {
                continue;
            }
            trying++;
            connector
                    .connect(peer.address, PATIENCE)
                    .whenComplete((listens, failure) -> loop.execute(() -> {
                        trying--;
                        tried(peer, failure == null && listens);
                        tryNext();
                    }));
        }
    }

    private void tried(Peer peer, boolean listens) {
        if (!isWanted(peer)) {
            return;
        }
        if (!listens) {
            Duration pause = peer.overdue ? PAUSE_WHEN_OVERDUE : PAUSE;
            loop.after(Retries.jittered(pause, random), () -> {
                due.add(peer);
                tryNext();
            });
            return;
        }
        peers.remove(peer.uid, peer);
        if (peer.overdue) {
            logger.info("{} listens on {} now", peer.uid, peer.address);
        } else {
            peer.arrived.run();
        }
    }

    private void giveUp(Peer peer) {
        if (isWanted(peer)) {
            peer.overdue = true;
            logger.warn(
                    "{} is to be reached by HBONE, and nobody was found on {} for {} (expected: its node, or a network"
                            + " that lets this machine connect there); it is believed to be there from now on",
                    peer.uid,
                    peer.address,
                    deadline);
            peer.arrived.run();
        }
    }

    @Override
    public void close() {
        loop.end();
        connector.close();
    }
}
