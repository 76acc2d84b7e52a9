package io.hbone.xds.model;

/**
 * One of several waypoints.
 *
 * @param weight its share of the connections, 0 for none
 */
public record WeightedWaypoint(GatewayAddress waypoint, long weight) {}
