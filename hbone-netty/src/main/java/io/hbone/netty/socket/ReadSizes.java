package io.hbone.netty.socket;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How much an application's socket is read at a time. Reads start small and grow with what comes, up to 256 KiB, so that an idle
 * connection costs nothing and a busy one few system calls. Every buffer has room for a frame header before its payload, and
 * header and payload together fill whole TLS records.
 *
 * <p>One turn of the event loop reads a connection until it is empty, but no more than the largest size: its neighbours have
 * their turns, too.
 */
public final class ReadSizes implements RecvByteBufAllocator {

    private static final int[] SIZES = {2048, 8192, 16_384, 65_536, 131_072, 262_144};

    private final int headroom;

    /** @param headroom bytes left free before the payload of every buffer, 0 or more */
    public ReadSizes(int headroom) {
        this.headroom = headroom;
    }

    @Override
    @SuppressWarnings("deprecation") // the interface asks for the old handle type
    public Handle newHandle() {
        return new AdaptiveHandle(headroom);
    }

    private static final class AdaptiveHandle implements ExtendedHandle {

        private final int headroom;
        private int index;
        private boolean shrink;
        private int attempted;
        private int last;
        private int total;
        private @Nullable ChannelConfig config;

        AdaptiveHandle(int headroom) {
            this.headroom = headroom;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator alloc) {
            int size = SIZES[index];
            ByteBuf buffer = alloc.directBuffer(size, size);
            return buffer.setIndex(headroom, headroom);
        }

        @Override
        public int guess() {
            return SIZES[index] - headroom;
        }

        @Override
        public void reset(ChannelConfig config) {
            this.config = config;
            total = 0;
        }

        @Override
        public void incMessagesRead(int messages) {}

        @Override
        public void lastBytesRead(int bytes) {
            last = bytes;
            if (bytes <= 0) {
                return;
            }
            total += bytes;
            if (bytes == attempted) {
                shrink = false;
                if (index < SIZES.length - 1) {
                    index++;
                }
            } else if (index > 0 && bytes < SIZES[index - 1] / 2) {
                // the second small read in a row: one alone is just the end of a burst
                if (shrink) {
                    index--;
                }
                shrink = !shrink;
            } else {
                shrink = false;
            }
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return mayContinue() && last == attempted;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            return mayContinue() && maybeMoreData.get();
        }

        private boolean mayContinue() {
            return total < SIZES[SIZES.length - 1] && config != null && config.isAutoRead();
        }

        @Override
        public void readComplete() {}
    }
}
