/**
 * How the node comes to know its mesh: fills a {@link io.hbone.xds.store.WorkloadStore} from where the settings say, and shows it
 * on the admin page. Reading, holding and routing are {@code workload-xds}.
 */
@NullMarked
package io.hbone.node.mesh;

import org.jspecify.annotations.NullMarked;
