package io.hbone.node.dns;

import io.hbone.core.WorkloadMetadata;
import io.hbone.node.text.Ip;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Replies to the queries of one workload, whichever way they come (spec/ztunnel.md 12). Safe for use by any thread. */
final class QueryService {
    /** ztunnel's name for it. */
    private static final Logger log = LoggerFactory.getLogger("dns");

    /** How many queries of a workload may be at name servers at once; a workload that floods hurts itself. */
    static final int MAX_FORWARDED = 512;

    private final DnsClient client;
    private final NameTable names;
    private final NameServers servers;
    private final DnsMetrics metrics;
    private final RandomGenerator random;
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicInteger forwarded = new AtomicInteger();
    private final AtomicBoolean warned = new AtomicBoolean();

    /** @param random that nobody can foretell */
    QueryService(DnsClient client, NameTable names, NameServers servers, DnsMetrics metrics, RandomGenerator random) {
        this.client = client;
        this.names = names;
        this.servers = servers;
        this.metrics = metrics;
        this.random = random;
    }

    /** How many queries wait for their reply. */
    int active() {
        return active.get();
    }

    /**
     * Replies to a message.
     *
     * @param loop on which this is called, and completes
     * @param from who sent it
     * @return null for no reply; never fails
     */
    CompletionStage<byte @Nullable []> reply(EventLoop loop, byte[] message, InetSocketAddress from, boolean tcp) {
        if (!Query.isQuery(message)) {
            return now(null);
        }
        if (Query.opcode(message) != 0) {
            return now(Replies.toHead(message, DnsResponseCode.NOTIMP));
        }
        Query query;
        try {
            query = Query.parse(message);
        } catch (IllegalArgumentException e) {
            log.debug("{}: {}", Ip.format(from), e.getMessage());
            return now(Replies.toHead(message, DnsResponseCode.FORMERR));
        }
        String[] labels = DnsMetrics.labels(query, tcp, metadata());
        metrics.request(labels);
        Answer answer = query.isForAddresses() ? names.find(query.name(), query.isForIpv6(), client.namespace()) : null;
        if (answer != null) {
            log.debug("{} {} -> {}", Ip.format(from), query, answer.addresses());
            return now(Replies.of(query, answer, tcp ? Replies.MAX_LENGTH : Replies.limit(query)));
        }
        return forward(loop, query, from, tcp, labels);
    }

    private WorkloadMetadata metadata() {
        return client.metadata().get();
    }

    private static CompletionStage<byte @Nullable []> now(byte @Nullable [] reply) {
        return CompletableFuture.completedFuture(reply);
    }

    private CompletionStage<byte @Nullable []> forward(
            EventLoop loop, Query query, InetSocketAddress from, boolean tcp, String[] labels) {
        if (servers.asking().contains(from)) {
            if (warned.compareAndSet(false, true)) {
                log.warn(
                        "a query to the name servers {} was led back to this node (expected: rules that let pass what"
                                + " bears PACKET_MARK, or ISTIO_META_DNS_CAPTURE=false)",
                        servers.servers());
            }
            return now(Replies.of(query, DnsResponseCode.SERVFAIL));
        }
        if (forwarded.incrementAndGet() > MAX_FORWARDED) {
            forwarded.decrementAndGet();
            log.debug("{} {} refused: {} others wait for name servers", Ip.format(from), query, MAX_FORWARDED);
            return now(Replies.of(query, DnsResponseCode.SERVFAIL));
        }
        active.incrementAndGet();
        metrics.forwarded(labels);
        long begin = System.nanoTime();
        return Exchange.begin(loop, servers, query, tcp, random.nextInt(0x1_0000))
                .handle((reply, failure) -> {
                    forwarded.decrementAndGet();
                    active.decrementAndGet();
                    long nanos = System.nanoTime() - begin;
                    if (reply == null) {
                        metrics.failed(labels);
                        log.debug("{} {} failed: {}", Ip.format(from), query, String.valueOf(failure));
                        return Replies.of(query, DnsResponseCode.SERVFAIL);
                    }
                    metrics.replied(labels, nanos / (double) TimeUnit.SECONDS.toNanos(1));
                    log.debug("{} {} forwarded, {} bytes", Ip.format(from), query, reply.length);
                    return reply;
                });
    }
}
