package io.hbone.node;

import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.ConfigException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says at the start what {@link Transport#NIO} cannot do. Later it would show as connections that are refused one by one, or as
 * applications that see the node's address.
 */
final class NioLimits {
    private static final Logger log = LoggerFactory.getLogger(Node.class);

    private NioLimits() {}

    /** @throws ConfigException when what is asked for cannot be had; {@link PacketMark} sees to the mark */
    static void tell(Sockets sockets, OriginalDestination destination) {
        if (sockets.transport() != Transport.NIO) {
            return;
        }
        if (sockets.originalSource() == OriginalSource.ON) {
            throw ConfigException.of(
                    "ENABLE_ORIG_SRC", "true", "not set, as HBONE_TRANSPORT nio cannot bear clients' addresses");
        }
        if (sockets.originalSource() == OriginalSource.AUTO) {
            log.warn("HBONE_TRANSPORT nio: applications see the node's address instead of their clients'"
                    + " (expected: epoll or io_uring, or ENABLE_ORIG_SRC=false)");
        }
        if (destination.equals(OriginalDestination.KERNEL)) {
            log.warn(
                    "HBONE_TRANSPORT nio: redirected connections are refused, as it cannot be asked where they were meant"
                            + " to go (expected: epoll or io_uring)");
        }
    }
}
