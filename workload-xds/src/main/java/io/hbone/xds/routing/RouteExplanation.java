package io.hbone.xds.routing;

import io.hbone.core.Route;
import java.util.List;

/**
 * A route, and how it came about.
 *
 * @param steps in the order in which they were decided
 */
public record RouteExplanation(Route route, List<Step> steps) {
    public RouteExplanation {
        steps = List.copyOf(steps);
    }

    /**
     * One decision.
     *
     * @param what was decided, for example {@code destination} or {@code waypoint}
     * @param resource that it was decided by; empty when it was the absence of one
     * @param version of that resource; empty for unknown
     * @param detail the outcome, in words for an operator
     */
    public record Step(String what, String resource, String version, String detail) {}
}
