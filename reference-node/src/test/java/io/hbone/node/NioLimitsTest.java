package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.hbone.netty.socket.OriginalDestination;
import io.hbone.netty.socket.OriginalSource;
import io.hbone.netty.socket.Sockets;
import io.hbone.netty.socket.Transport;
import io.hbone.node.config.ConfigException;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class NioLimitsTest {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger(Node.class);
    private static final OriginalDestination TOLD = OriginalDestination.fixed(new InetSocketAddress("10.0.0.1", 80));

    private final ListAppender<ILoggingEvent> said = new ListAppender<>();

    @BeforeEach
    void listen() {
        LOGGER.setLevel(Level.INFO);
        said.start();
        LOGGER.addAppender(said);
    }

    @AfterEach
    void stop() {
        LOGGER.detachAppender(said);
        LOGGER.setLevel(null);
    }

    @Test
    void tell_otherTransports_haveNoLimits() {
        for (Transport transport : List.of(Transport.EPOLL, Transport.IO_URING)) {
            NioLimits.tell(Sockets.of(transport).withOriginalSource(OriginalSource.ON), OriginalDestination.KERNEL);
        }
        assertThat(said.list).isEmpty();
    }

    @Test
    void tell_redirects_saysThatTheyAreRefused() {
        NioLimits.tell(Sockets.of(Transport.NIO), OriginalDestination.KERNEL);
        assertThat(said.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "HBONE_TRANSPORT nio: redirected connections are refused, as it cannot be asked where they"
                                + " were meant to go (expected: epoll or io_uring)");
    }

    @Test
    void tell_clientsAddressesWherePossible_saysThatItIsNot() {
        NioLimits.tell(Sockets.of(Transport.NIO).withOriginalSource(OriginalSource.AUTO), TOLD);
        assertThat(said.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("HBONE_TRANSPORT nio: applications see the node's address instead of their clients'"
                        + " (expected: epoll or io_uring, or ENABLE_ORIG_SRC=false)");
    }

    @Test
    void tell_clientsAddressesDemanded_isRefused() {
        Sockets sockets = Sockets.of(Transport.NIO).withOriginalSource(OriginalSource.ON);
        assertThatThrownBy(() -> NioLimits.tell(sockets, TOLD))
                .isInstanceOf(ConfigException.class)
                .hasMessage("ENABLE_ORIG_SRC: \"true\" (expected: not set, as HBONE_TRANSPORT nio cannot bear clients'"
                        + " addresses)");
    }
}
