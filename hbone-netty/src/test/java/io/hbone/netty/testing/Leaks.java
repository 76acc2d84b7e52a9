package io.hbone.netty.testing;

import io.netty.buffer.ByteBufAllocator;

/** Makes Netty report leaks now, so that the build's leak gate sees them in the output of the tests that made them. */
public final class Leaks {

    private static final int COLLECTIONS = 3;

    private Leaks() {}

    public static void report() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(1).release(); // an allocation looks for leaks of earlier ones
        }
    }
}
