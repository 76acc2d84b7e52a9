package io.hbone.netty.socket;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Where the client of an accepted connection wanted to go. {@link #KERNEL} asks the kernel what a redirect rule has changed;
 * others answer without root, for tests and demonstrations.
 */
@FunctionalInterface
public interface OriginalDestination {

    /** Asks the kernel. The address that the connection arrived at where nothing was redirected, or where NIO cannot ask. */
    OriginalDestination KERNEL = OriginalDestination::ofKernel;

    /**
     * @param accepted a connection of a listener; called on its event loop
     * @return resolved, never IPv4-mapped
     */
    InetSocketAddress of(Channel accepted);

    /** Every connection goes to {@code destination}. */
    static OriginalDestination fixed(InetSocketAddress destination) {
        InetSocketAddress canonical = Addresses.canonical(destination);
        return accepted -> canonical;
    }

    private static InetSocketAddress ofKernel(Channel accepted) {
        InetSocketAddress local = Addresses.canonical((InetSocketAddress) accepted.localAddress());
        InetSocketAddress original =
                local.getAddress() instanceof Inet4Address ? Kernel.askV4(accepted) : Kernel.askV6(accepted);
        return original != null ? original : local;
    }

    /** What Linux tells of redirected connections (linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h). */
    final class Kernel {
        private static final int SOL_IP = 0;
        private static final int SOL_IPV6 = 41;

        /** sockaddr_in: family, port, address, padding. */
        private static final ChannelOption<ByteBuffer> V4 = new RawUnixChannelOption("SO_ORIGINAL_DST", SOL_IP, 80, 16);

        /** sockaddr_in6: family, port, flow, address, scope. */
        private static final ChannelOption<ByteBuffer> V6 =
                new RawUnixChannelOption("IP6T_SO_ORIGINAL_DST", SOL_IPV6, 80, 28);

        private static final int PORT_AT = 2;
        private static final int V4_AT = 4;
        private static final int V6_AT = 8;
        private static final int SCOPE_AT = 24;

        private Kernel() {}

        static @Nullable InetSocketAddress askV4(Channel accepted) {
            ByteBuffer answer = ask(accepted, V4);
            if (answer == null || answer.limit() < V4_AT + 4) {
                return null;
            }
            byte[] ip = new byte[4];
            answer.get(V4_AT, ip);
            return new InetSocketAddress(Addresses.of(ip), port(answer));
        }

        static @Nullable InetSocketAddress askV6(Channel accepted) {
            ByteBuffer answer = ask(accepted, V6);
            if (answer == null || answer.limit() < SCOPE_AT + 4) {
                return null;
            }
            byte[] ip = new byte[16];
            answer.get(V6_AT, ip);
            return new InetSocketAddress(withScope(ip, scope(answer)), port(answer));
        }

        private static @Nullable ByteBuffer ask(Channel accepted, ChannelOption<ByteBuffer> option) {
            try {
                return accepted.config().getOption(option); // null: the transport does not know such options
            } catch (ChannelException e) {
                return null; // no connection tracking, or this connection is not tracked: nothing was redirected
            }
        }

        /** In network order, as a buffer reads. */
        private static int port(ByteBuffer answer) {
            return answer.getShort(PORT_AT) & 0xffff;
        }

        /** In the machine's order. */
        private static int scope(ByteBuffer answer) {
            int scope = answer.getInt(SCOPE_AT);
            return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Integer.reverseBytes(scope) : scope;
        }

        /** Only link-local addresses mean something else on each interface. */
        private static InetAddress withScope(byte[] ip, int scope) {
            InetAddress address = Addresses.of(ip);
            if (scope == 0 || !(address instanceof Inet6Address) || !address.isLinkLocalAddress()) {
                return address;
            }
            try {
                return Inet6Address.getByAddress(null, ip, scope);
            } catch (UnknownHostException e) {
                throw new AssertionError("16 bytes are always an address", e);
            }
        }
    }
}
