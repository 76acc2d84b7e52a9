package io.hbone.node.dns;

import io.hbone.core.WorkloadMetadata;
import java.util.function.Supplier;

/**
 * The workload that asks.
 *
 * @param namespace its own, whose services come before others. Whoever handed the workload over said it, so that names are answered
 *     before the mesh knows the workload
 * @param metadata what metrics say of it now; called by event loops
 */
public record DnsClient(String namespace, Supplier<WorkloadMetadata> metadata) {}
