/** Generated from {@code istio/workload/workload.proto}: workloads and services as they travel. */
@NullMarked
package io.hbone.xds.proto.workload;

import org.jspecify.annotations.NullMarked;
