package io.hbone.xds.store;

import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Workload;

/**
 * A workload behind a service.
 *
 * @param ports where the service's ports are at this workload, as far as it says so itself
 */
public record Endpoint(Resource<Workload> workload, PortMap ports) {}
