package io.hbone.enrollment.conntrack;

import java.nio.ByteBuffer;

/** A TCP or UDP connection that the kernel remembers, which may have ended long ago. */
public final class TrackedConnection {
    private static final int SOURCE_CHANGED = 1 << 4; // IPS_SRC_NAT
    private static final int DESTINATION_CHANGED = 1 << 5; // IPS_DST_NAT

    private final int family;
    private final int status;
    private final int answeringPort;
    private final int mark;
    private final ByteBuffer key;

    /**
     * @param family of addresses, as the kernel numbers them
     * @param status bits {@code IPS_*}
     * @param key the attributes that mean this one and no other
     */
    TrackedConnection(int family, int status, int answeringPort, int mark, ByteBuffer key) {
        this.family = family;
        this.status = status;
        this.answeringPort = answeringPort;
        this.mark = mark;
        this.key = key;
    }

    /** Whether it went elsewhere than its client wanted, as after a redirection. */
    public boolean isDestinationChanged() {
        return (status & DESTINATION_CHANGED) != 0;
    }

    /** Whether any of its addresses was changed on the way. */
    public boolean isTranslated() {
        return (status & (SOURCE_CHANGED | DESTINATION_CHANGED)) != 0;
    }

    /** The port that its answers come from: where it really went. */
    public int answeringPort() {
        return answeringPort;
    }

    /** The mark of the connection; zero for none. */
    public int mark() {
        return mark;
    }

    int family() {
        return family;
    }

    ByteBuffer key() {
        return key.asReadOnlyBuffer();
    }
}
