package io.hbone.node.telemetry;

import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadMetadata;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * A line for every connection (spec/ztunnel.md 10.3), by the loggers {@code access} and {@code tunnel}. Bytes are counted as
 * the local application sees them: sent is what it sent. After stock ztunnel's fields stands the trace id of the connection, which
 * is the same in the lines of both nodes.
 */
public final class AccessLog implements ConnectionObserver {
    private static final Logger access = LoggerFactory.getLogger("access");
    private static final Logger tunnels = LoggerFactory.getLogger("tunnel");

    private final InstantSource clock;

    /** @param clock measures how long connections lasted */
    public AccessLog(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public Connection opened(ConnectionDetails details) {
        if (access.isDebugEnabled()) {
            named(describe(access.atDebug(), details), details).log("connection opened");
        }
        return new Line(details, clock);
    }

    @Override
    public void denied(
            Direction direction, InetSocketAddress source, InetSocketAddress destination, TunnelException why) {
        access.atWarn()
                .addKeyValue("src.addr", source)
                .addKeyValue("dst.addr", destination)
                .addKeyValue("direction", direction.text())
                .addKeyValue("error", why.explain())
                .log("connection failed");
    }

    @Override
    public void tunnelOpened(TunnelDetails tunnel) {
        if (tunnels.isDebugEnabled()) {
            describe(tunnels.atDebug(), tunnel).log("tunnel opened");
        }
    }

    @Override
    public void tunnelClosed(TunnelDetails tunnel, @Nullable TunnelException why) {
        if (tunnels.isDebugEnabled()) {
            LoggingEventBuilder line = describe(tunnels.atDebug(), tunnel);
            (why == null ? line : line.addKeyValue("error", why.explain())).log("tunnel closed");
        }
    }

    @Override
    public void tolerated(InetSocketAddress peer, String what) {
        tunnels.atDebug()
                .addKeyValue("peer.addr", peer)
                .addKeyValue("what", what)
                .log("tolerated");
    }

    private static LoggingEventBuilder named(LoggingEventBuilder line, ConnectionDetails details) {
        return details.trace() == null
                ? line
                : line.addKeyValue("trace_id", details.trace().traceId());
    }

    private static LoggingEventBuilder describe(LoggingEventBuilder line, ConnectionDetails details) {
        LoggingEventBuilder out = line.addKeyValue("src.addr", details.source());
        out = describe(out, "src", details.sourceWorkload(), details.mutualTls());
        out = out.addKeyValue("dst.addr", details.destination());
        if (details.hboneTarget() != null) {
            out = out.addKeyValue("dst.hbone_addr", details.hboneTarget());
        }
        if (details.service() != null) {
            out = out.addKeyValue("dst.service", details.service().hostname());
        }
        out = describe(out, "dst", details.destinationWorkload(), details.mutualTls());
        return out.addKeyValue("direction", details.direction().text());
    }

    private static LoggingEventBuilder describe(
            LoggingEventBuilder line, String end, WorkloadMetadata workload, boolean mutualTls) {
        LoggingEventBuilder out = line;
        if (!workload.name().isEmpty()) {
            out = out.addKeyValue(end + ".workload", workload.name());
        }
        if (!workload.namespace().isEmpty()) {
            out = out.addKeyValue(end + ".namespace", workload.namespace());
        }
        if (mutualTls && workload.identity() != null) {
            out = out.addKeyValue(end + ".identity", workload.identity());
        }
        if (!workload.clusterId().isEmpty()) {
            out = out.addKeyValue(end + ".cluster", workload.clusterId());
        }
        return out;
    }

    private static LoggingEventBuilder describe(LoggingEventBuilder line, TunnelDetails tunnel) {
        LoggingEventBuilder out =
                line.addKeyValue("local.addr", tunnel.local()).addKeyValue("peer.addr", tunnel.peer());
        if (tunnel.peerIdentity() != null) {
            out = out.addKeyValue("peer.identity", tunnel.peerIdentity());
        }
        return out.addKeyValue("direction", tunnel.direction().text())
                .addKeyValue("cipher", tunnel.cipherSuite())
                .addKeyValue("certificate", tunnel.certificateSerial());
    }

    /** One connection; for the thread of the connection alone. */
    private static final class Line implements Connection {
        private final ConnectionDetails details;
        private final InstantSource clock;
        private final long openedAt;
        private long received;
        private long sent;

        Line(ConnectionDetails details, InstantSource clock) {
            this.details = details;
            this.clock = clock;
            this.openedAt = clock.millis();
        }

        @Override
        public void received(long bytes) {
            received += bytes;
        }

        @Override
        public void sent(long bytes) {
            sent += bytes;
        }

        @Override
        public void closed(@Nullable TunnelException why) {
            LoggingEventBuilder line = why == null ? access.atInfo() : access.atError();
            boolean outbound = details.direction() == Direction.OUTBOUND;
            line = describe(line, details)
                    .addKeyValue("bytes_sent", outbound ? received : sent)
                    .addKeyValue("bytes_recv", outbound ? sent : received)
                    .addKeyValue("duration", Math.max(0, clock.millis() - openedAt) + "ms");
            line = why == null ? line : line.addKeyValue("error", why.explain());
            named(line, details).log("connection complete");
        }
    }
}
