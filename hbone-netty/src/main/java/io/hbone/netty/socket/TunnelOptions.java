package io.hbone.netty.socket;

import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;

/** How the sockets under tunnels read and write. */
public final class TunnelOptions {

    /** As much as a burst of records for one system call; more would only wait in memory. */
    public static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(256 * 1024, 512 * 1024);

    /** Reads that start small and grow: an idle tunnel costs nothing. */
    public static final RecvByteBufAllocator READ_SIZES = new ReadSizes(0);

    private TunnelOptions() {}
}
