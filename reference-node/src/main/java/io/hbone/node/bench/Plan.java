package io.hbone.node.bench;

import java.time.Duration;

/**
 * How to measure.
 *
 * @param connections kept connections of the throughput and request runs, and how many connections are opened at a time
 * @param perSecond requests of the latency run
 * @param requestSize bytes of a request and of its answer
 * @param writeSize bytes of a write of the throughput runs
 * @param warmUp before each measurement
 * @param duration of each measurement
 */
record Plan(int connections, double perSecond, int requestSize, int writeSize, Duration warmUp, Duration duration) {}
