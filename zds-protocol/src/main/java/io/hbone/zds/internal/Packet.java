package io.hbone.zds.internal;

import java.util.List;

/**
 * One received message with the file descriptors that came with it, which are the receiver's to close; closing the packet closes
 * them all, so who keeps one keeps a {@linkplain Descriptor#duplicate() duplicate}.
 *
 * @param payload what was received; cut off when {@code size} is larger than its length
 * @param size of the message as it was sent, in bytes
 * @param descriptorsLost whether some did not arrive: the receiver has too many open, or more were sent than a message may carry
 */
public record Packet(byte[] payload, long size, List<Descriptor> descriptors, boolean descriptorsLost)
        implements AutoCloseable {

    /** Whether only its beginning is here. */
    public boolean isCutOff() {
        return size > payload.length;
    }

    @Override
    public void close() {
        descriptors.forEach(Descriptor::close);
    }
}
