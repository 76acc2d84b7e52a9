package io.hbone.enrollment.directory;

import com.google.protobuf.ByteString;
import io.hbone.enrollment.directory.ResourceKey.OfEndpoint;
import io.hbone.enrollment.directory.ResourceKey.OfPod;
import io.hbone.enrollment.directory.ResourceKey.OfPolicy;
import io.hbone.enrollment.directory.ResourceKey.OfService;
import io.hbone.xds.NamedResource;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.proto.security.Authorization;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes resources, as nodes are sent them. Under the lock of the facts. */
final class Resources {
    private final ClusterFacts facts;
    private final Workloads workloads;

    Resources(ClusterFacts facts, DirectorySettings settings) {
        this.facts = facts;
        workloads = new Workloads(facts, settings);
    }

    /** Of one type: what there is, and the names of what is not there. */
    record Made(List<NamedResource> there, List<String> gone) {
        Made() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        private void add(String name, @Nullable ByteString body) {
            if (body == null) {
                gone.add(name);
            } else {
                there.add(new NamedResource(name, "", body));
            }
        }
    }

    void make(ResourceKey key, Made addresses, Made policies) {
        if (key instanceof OfPod pod) {
            addresses.add(pod.uid(), encoded(workloads.workload(pod)));
        } else if (key instanceof OfEndpoint endpoint) {
            addresses.add(workloads.endpointName(endpoint), encoded(workloads.workload(endpoint)));
        } else if (key instanceof OfService service) {
            Service there = workloads.service(service.namespace(), service.name());
            addresses.add(
                    workloads.resourceName(service.namespace(), service.name()),
                    there == null ? null : AddressCodec.encode(there));
        } else if (key instanceof OfPolicy policy) {
            policies.add(policyName(policy), policy(policy));
        }
    }

    private static @Nullable ByteString encoded(@Nullable Workload workload) {
        return workload == null ? null : AddressCodec.encode(workload);
    }

    private String policyName(OfPolicy policy) {
        Strictness strictness = facts.strictness.get(policy.source());
        return policy.namespace()
                + '/'
                + (strictness == null ? policy.object() : strictness.policyName(policy.object()));
    }

    private @Nullable ByteString policy(OfPolicy key) {
        Strictness strictness = facts.strictness.get(key.source());
        if (strictness == null) {
            PolicyFacts policy = facts.policies.get(key.namespace(), key.object());
            return policy == null ? null : policy.body();
        }
        StrictFacts object = facts.strict(key.source()).get(key.namespace(), key.object());
        Authorization policy = object == null ? null : strictness.policy(object);
        return policy == null ? null : policy.toByteString();
    }
}
