package io.hbone.enrollment.rules;

import io.hbone.xds.model.Cidr;
import java.util.Locale;

/** What a packet must be for a rule to apply. */
sealed interface Match {
    /** Anything but that. Never around another one. */
    record Not(Match of) implements Match {}

    record Source(Cidr network) implements Match {}

    record Destination(Cidr network) implements Match {}

    record InInterface(String name) implements Match {}

    record OutInterface(String name) implements Match {}

    record Protocol(Transport transport) implements Match {}

    /** Beside a {@link Protocol}, always. */
    record SourcePort(Transport transport, int port) implements Match {}

    /** Beside a {@link Protocol}, always. */
    record DestinationPort(Transport transport, int port) implements Match {}

    /** The first packet of a TCP connection (of SYN, ACK, FIN and RST only SYN). Beside a {@link Protocol}, always. */
    record Syn() implements Match {}

    record PacketMark(Mark mark) implements Match {}

    record ConnectionMark(Mark mark) implements Match {}

    /** What has ports. */
    enum Transport {
        TCP,
        UDP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
