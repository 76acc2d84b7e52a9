package io.hbone.core;

import java.time.Duration;

/**
 * How a tunnel behaves: windows, limits, deadlines. The defaults are safe with stock ztunnels at the other end.
 *
 * @param connectTimeout how long a TCP connect may take, positive
 * @param handshakeTimeout how long a TLS handshake and the HTTP/2 preface after it may take, positive
 * @param requestTimeout how long a CONNECT may wait for its answer, positive
 * @param pingInterval the pause between one PING's answer and the next PING, positive
 * @param pingTimeout how long a peer may take to answer a PING before it counts as gone, positive
 * @param tunnelIdleTimeout how long an outgoing tunnel without streams is kept, positive
 * @param streamIdleTimeout how long a stream may carry nothing in either direction; zero means for ever
 * @param initialStreamWindow the receive window that a stream starts with, bytes, 16 KiB to {@code maxStreamWindow}
 * @param maxStreamWindow how far a stream's receive window may grow, bytes, up to 1 GiB
 * @param connectionWindow the receive window of a tunnel, bytes; at least twice {@code maxStreamWindow}, because equal
 *     windows can deadlock when an application reads one stream only after another
 * @param tunnelWindowBudget how much all streams of a tunnel together may grow beyond their initial windows, bytes
 * @param processWindowBudget the same for all tunnels of a client or server, bytes
 * @param maxFrameSize the largest frame that is accepted, bytes, 16,384 to 16,777,215 (RFC 9113 section 6.5.2)
 * @param maxHeaderListSize the largest header list that is accepted, bytes as RFC 9113 section 6.5.2 counts, positive
 * @param maxConcurrentStreams how many streams a peer may have open in one tunnel, positive
 * @param maxStreamsPerTunnel how many streams we open in one tunnel before another one is opened, positive; a peer's lower
 *     limit is obeyed
 * @param maxResets how many streams a peer may reset within {@code floodWindow}, positive (CVE-2023-44487)
 * @param maxControlFrames how many PING, SETTINGS, empty DATA and unknown frames a peer may send within {@code floodWindow},
 *     positive
 * @param floodWindow the time over which floods are counted, positive
 */
public record HboneSettings(
        Duration connectTimeout,
        Duration handshakeTimeout,
        Duration requestTimeout,
        Duration pingInterval,
        Duration pingTimeout,
        Duration tunnelIdleTimeout,
        Duration streamIdleTimeout,
        int initialStreamWindow,
        int maxStreamWindow,
        int connectionWindow,
        long tunnelWindowBudget,
        long processWindowBudget,
        int maxFrameSize,
        int maxHeaderListSize,
        int maxConcurrentStreams,
        int maxStreamsPerTunnel,
        int maxResets,
        int maxControlFrames,
        Duration floodWindow) {

    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    private static final int MIN_FRAME_SIZE = 16_384;
    private static final int MAX_FRAME_SIZE = 16_777_215;
    private static final int MAX_WINDOW = 1024 * MIB;

    /** The defaults. */
    public static final HboneSettings DEFAULT = builder().build();

    public HboneSettings {
        requirePositive("connectTimeout", connectTimeout);
        requirePositive("handshakeTimeout", handshakeTimeout);
        requirePositive("requestTimeout", requestTimeout);
        requirePositive("pingInterval", pingInterval);
        requirePositive("pingTimeout", pingTimeout);
        requirePositive("tunnelIdleTimeout", tunnelIdleTimeout);
        if (streamIdleTimeout.isNegative()) {
            throw new IllegalArgumentException("streamIdleTimeout: " + streamIdleTimeout + " (expected: >= 0)");
        }
        requireRange("initialStreamWindow", initialStreamWindow, 16 * KIB, maxStreamWindow);
        requireRange("maxStreamWindow", maxStreamWindow, 16 * KIB, MAX_WINDOW);
        requireRange("connectionWindow", connectionWindow, 2L * maxStreamWindow, Integer.MAX_VALUE);
        requireRange("tunnelWindowBudget", tunnelWindowBudget, 0, Long.MAX_VALUE);
        requireRange("processWindowBudget", processWindowBudget, 0, Long.MAX_VALUE);
        requireRange("maxFrameSize", maxFrameSize, MIN_FRAME_SIZE, MAX_FRAME_SIZE);
        requireRange("maxHeaderListSize", maxHeaderListSize, 1, Integer.MAX_VALUE);
        requireRange("maxConcurrentStreams", maxConcurrentStreams, 1, Integer.MAX_VALUE);
        requireRange("maxStreamsPerTunnel", maxStreamsPerTunnel, 1, Integer.MAX_VALUE);
        requireRange("maxResets", maxResets, 1, Integer.MAX_VALUE);
        requireRange("maxControlFrames", maxControlFrames, 1, Integer.MAX_VALUE);
        requirePositive("floodWindow", floodWindow);
    }

    /** A builder that starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder that starts from these settings. */
    public Builder toBuilder() {
        Builder b = new Builder();
        b.connectTimeout = connectTimeout;
        b.handshakeTimeout = handshakeTimeout;
        b.requestTimeout = requestTimeout;
        b.pingInterval = pingInterval;
        b.pingTimeout = pingTimeout;
        b.tunnelIdleTimeout = tunnelIdleTimeout;
        b.streamIdleTimeout = streamIdleTimeout;
        b.initialStreamWindow = initialStreamWindow;
        b.maxStreamWindow = maxStreamWindow;
        b.connectionWindow = connectionWindow;
        b.tunnelWindowBudget = tunnelWindowBudget;
        b.processWindowBudget = processWindowBudget;
        b.maxFrameSize = maxFrameSize;
        b.maxHeaderListSize = maxHeaderListSize;
        b.maxConcurrentStreams = maxConcurrentStreams;
        b.maxStreamsPerTunnel = maxStreamsPerTunnel;
        b.maxResets = maxResets;
        b.maxControlFrames = maxControlFrames;
        b.floodWindow = floodWindow;
        return b;
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
        }
    }

    private static void requireRange(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + min + " to " + max + ")");
        }
    }

    /** Builds {@link HboneSettings}; every setter's unit and range are those of the component of that name. */
    public static final class Builder {
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration handshakeTimeout = Duration.ofSeconds(10);
        private Duration requestTimeout = Duration.ofSeconds(30);
        private Duration pingInterval = Duration.ofSeconds(10);
        private Duration pingTimeout = Duration.ofSeconds(20);
        private Duration tunnelIdleTimeout = Duration.ofMinutes(5);
        private Duration streamIdleTimeout = Duration.ZERO;
        private int initialStreamWindow = 256 * KIB;
        private int maxStreamWindow = 4 * MIB;
        private int connectionWindow = 16 * MIB;
        private long tunnelWindowBudget = 64L * MIB;
        private long processWindowBudget = 256L * MIB;
        private int maxFrameSize = MIB;
        private int maxHeaderListSize = 16 * KIB;
        private int maxConcurrentStreams = 200;
        private int maxStreamsPerTunnel = 100;
        private int maxResets = 10_000;
        private int maxControlFrames = 10_000;
        private Duration floodWindow = Duration.ofSeconds(30);

        private Builder() {}

        public Builder connectTimeout(Duration value) {
            connectTimeout = value;
            return this;
        }

        public Builder handshakeTimeout(Duration value) {
            handshakeTimeout = value;
            return this;
        }

        public Builder requestTimeout(Duration value) {
            requestTimeout = value;
            return this;
        }

        public Builder pingInterval(Duration value) {
            pingInterval = value;
            return this;
        }

        public Builder pingTimeout(Duration value) {
            pingTimeout = value;
            return this;
        }

        public Builder tunnelIdleTimeout(Duration value) {
            tunnelIdleTimeout = value;
            return this;
        }

        public Builder streamIdleTimeout(Duration value) {
            streamIdleTimeout = value;
            return this;
        }

        public Builder initialStreamWindow(int bytes) {
            initialStreamWindow = bytes;
            return this;
        }

        public Builder maxStreamWindow(int bytes) {
            maxStreamWindow = bytes;
            return this;
        }

        public Builder connectionWindow(int bytes) {
            connectionWindow = bytes;
            return this;
        }

        public Builder tunnelWindowBudget(long bytes) {
            tunnelWindowBudget = bytes;
            return this;
        }

        public Builder processWindowBudget(long bytes) {
            processWindowBudget = bytes;
            return this;
        }

        public Builder maxFrameSize(int bytes) {
            maxFrameSize = bytes;
            return this;
        }

        public Builder maxHeaderListSize(int bytes) {
            maxHeaderListSize = bytes;
            return this;
        }

        public Builder maxConcurrentStreams(int streams) {
            maxConcurrentStreams = streams;
            return this;
        }

        public Builder maxStreamsPerTunnel(int streams) {
            maxStreamsPerTunnel = streams;
            return this;
        }

        public Builder maxResets(int resets) {
            maxResets = resets;
            return this;
        }

        public Builder maxControlFrames(int frames) {
            maxControlFrames = frames;
            return this;
        }

        public Builder floodWindow(Duration value) {
            floodWindow = value;
            return this;
        }

        /** @throws IllegalArgumentException when a value is out of its range */
        public HboneSettings build() {
            return new HboneSettings(
                    connectTimeout,
                    handshakeTimeout,
                    requestTimeout,
                    pingInterval,
                    pingTimeout,
                    tunnelIdleTimeout,
                    streamIdleTimeout,
                    initialStreamWindow,
                    maxStreamWindow,
                    connectionWindow,
                    tunnelWindowBudget,
                    processWindowBudget,
                    maxFrameSize,
                    maxHeaderListSize,
                    maxConcurrentStreams,
                    maxStreamsPerTunnel,
                    maxResets,
                    maxControlFrames,
                    floodWindow);
        }
    }
}
