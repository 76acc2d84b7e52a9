package io.hbone.netty.proxy;

import io.hbone.core.SpiffeId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** HAProxy's PROXY protocol, version 2, as ztunnel tells it to application tunnels (spec/ztunnel.md 5.1). */
final class ProxyHeader {
    private static final byte[] SIGNATURE = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    private static final int VERSION_2_PROXY = 0x21;
    private static final int UNSPEC_STREAM = 0x01;
    private static final int INET_STREAM = 0x11;
    private static final int INET6_STREAM = 0x21;
    private static final int PEER_IDENTITY = 0xd0;
    private static final int IPV4 = 4;

    private ProxyHeader() {}

    /**
     * @param source the client; of another family than {@code destination}, neither is told
     * @param identity who the peer proved to be; null for nobody
     */
    static ByteBuf encode(
            ByteBufAllocator allocator,
            InetSocketAddress source,
            InetSocketAddress destination,
            @Nullable SpiffeId identity) {
        byte[] from = source.getAddress().getAddress();
        byte[] to = destination.getAddress().getAddress();
        byte[] name = identity == null ? null : identity.toString().getBytes(StandardCharsets.US_ASCII);
        boolean told = from.length == to.length;
        ByteBuf out = allocator.directBuffer(64 + (name == null ? 0 : name.length));
        out.writeBytes(SIGNATURE).writeByte(VERSION_2_PROXY);
        out.writeByte(!told ? UNSPEC_STREAM : from.length == IPV4 ? INET_STREAM : INET6_STREAM);
        out.writeShort((told ? 2 * from.length + 4 : 0) + (name == null ? 0 : 3 + name.length));
        if (told) {
            out.writeBytes(from).writeBytes(to);
            out.writeShort(source.getPort()).writeShort(destination.getPort());
        }
        if (name != null) {
            out.writeByte(PEER_IDENTITY).writeShort(name.length).writeBytes(name);
        }
        return out;
    }
}
