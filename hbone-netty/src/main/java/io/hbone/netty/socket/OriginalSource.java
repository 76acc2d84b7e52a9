package io.hbone.netty.socket;

import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.Inet6Address;
import java.net.InetAddress;

/** Whether sockets may bear addresses that are not this machine's, so that an application sees its client's address (ENABLE_ORIG_SRC). */
public enum OriginalSource {
    /** Where the kernel lets us; else the application sees our own address. */
    AUTO,
    /** Always: a connection for which it cannot be done fails. */
    ON,
    /** Never. */
    OFF;

    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;

    // linux/in.h and linux/in6.h; Netty's own options of these names know IPv4 only
    private static final ChannelOption<Integer> IP_TRANSPARENT =
            new IntegerUnixChannelOption("IP_TRANSPARENT", SOL_IP, 19);
    private static final ChannelOption<Integer> IPV6_TRANSPARENT =
            new IntegerUnixChannelOption("IPV6_TRANSPARENT", SOL_IPV6, 75);

    /**
     * Lets a socket bear {@code address}, whose bind must follow, with port 0. Needs CAP_NET_ADMIN or CAP_NET_RAW.
     *
     * <p>The bind must choose the port, and not the connect ({@code IP_BIND_ADDRESS_NO_PORT}): the kernel gives odd ports to binds
     * and even ones to connects for as long as there are any. So none is chosen that the owner of the address uses for a connection
     * of its own to the same destination, of which the kernel knows nothing where this one is made: it would take both for one.
     *
     * @throws ChannelException when the kernel refuses, or the transport cannot
     */
    public static void allow(ChannelConfig config, InetAddress address) {
        // which lets it bind like IP_FREEBIND does
        set(config, address instanceof Inet6Address ? IPV6_TRANSPARENT : IP_TRANSPARENT);
    }

    /** The same for a listener on {@code address}: it accepts what is routed to it for other machines. */
    static void allowListener(ChannelConfig config, InetAddress address) {
        set(config, IP_TRANSPARENT);
        if (address instanceof Inet6Address) {
            set(config, IPV6_TRANSPARENT);
        }
    }

    private static void set(ChannelConfig config, ChannelOption<Integer> option) {
        if (!config.setOption(option, 1)) {
            throw new ChannelException(option.name() + " is unknown to this transport (expected: epoll or io_uring)");
        }
    }
}
