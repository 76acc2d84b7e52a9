package io.hbone.node.inpod;

import io.hbone.core.Authority;
import io.hbone.core.ConnectionObserver;
import io.hbone.core.TunnelException;
import io.hbone.node.text.Ip;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The connections of one pod, for {@code config_dump}. Safe for use by any thread. */
final class PodConnections implements ConnectionObserver {
    private final Set<Open> open = ConcurrentHashMap.newKeySet();

    @Override
    public Connection opened(ConnectionDetails details) {
        Open connection = new Open(details);
        open.add(connection);
        return connection;
    }

    /** In the words of ztunnel (spec/ztunnel.md 11). */
    Map<String, Object> dump() {
        List<Object> inbound = new ArrayList<>();
        List<Object> outbound = new ArrayList<>();
        for (Open connection : open) {
            (connection.details.direction() == Direction.INBOUND ? inbound : outbound).add(connection.dump());
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("inbound", inbound);
        out.put("outbound", outbound);
        return out;
    }

    private final class Open implements Connection {
        private final ConnectionDetails details;

        Open(ConnectionDetails details) {
            this.details = details;
        }

        @Override
        public void closed(@Nullable TunnelException why) {
            open.remove(this);
        }

        Map<String, Object> dump() {
            Authority target = details.hboneTarget();
            InetSocketAddress dialled = details.destination();
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("src", Ip.format(details.source()));
            out.put("originalDst", target == null ? Ip.format(dialled) : target.toString());
            out.put("actualDst", Ip.format(dialled));
            out.put("protocol", details.protocol().text());
            return out;
        }
    }
}
