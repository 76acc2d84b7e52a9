package io.hbone.enrollment.directory;

import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.AddressCodec.DecodedService;
import io.hbone.xds.model.AddressCodec.DecodedWorkload;
import io.hbone.xds.model.MalformedResourceException;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import io.hbone.xds.policy.InvalidPolicyException;
import io.hbone.xds.policy.Policy;
import io.hbone.xds.policy.PolicyDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Remembers what nodes were told, and refuses what they would. */
final class ToldNodes implements ResourceSink {
    private final Map<String, Workload> workloads = new TreeMap<>();
    private final Map<String, Service> services = new TreeMap<>();
    private final Map<String, Policy> policies = new TreeMap<>();
    private final Set<String> touched = new TreeSet<>();
    private final List<String> dangling = new ArrayList<>();
    private boolean away;

    @Override
    public synchronized List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        if (away) {
            throw new IllegalStateException("away");
        }
        removals.forEach(name -> {
            if (workloads.remove(name) != null | services.remove(name) != null | policies.remove(name) != null) {
                touched.add("-" + name);
            }
        });
        for (NamedResource resource : upserts) {
            touched.add(resource.name());
            try {
                take(typeUrl, resource);
            } catch (MalformedResourceException | InvalidPolicyException e) {
                throw new AssertionError(resource.name(), e);
            }
        }
        return List.of();
    }

    private void take(String typeUrl, NamedResource resource)
            throws MalformedResourceException, InvalidPolicyException {
        if (typeUrl.equals(TypeUrl.AUTHORIZATION)) {
            Policy policy = PolicyDecoder.decode(resource.body());
            if (!policy.key().equals(resource.name())) {
                throw new AssertionError(resource.name() + " has the name " + policy.key());
            }
            policies.put(resource.name(), policy);
            return;
        }
        AddressCodec.Decoded decoded = new AddressCodec().decode(resource.body());
        if (!decoded.key().equals(resource.name())) {
            throw new AssertionError(resource.name() + " has the name " + decoded.key());
        }
        if (decoded instanceof DecodedWorkload workload) {
            workloads.put(resource.name(), workload.value());
            workload.value().authorizationPolicies().stream()
                    .filter(policy -> !policies.containsKey(policy))
                    .forEach(dangling::add);
        } else if (decoded instanceof DecodedService service) {
            services.put(resource.name(), service.value());
        }
    }

    synchronized void setAway(boolean value) {
        away = value;
    }

    /** By the pod's name. */
    synchronized @Nullable Workload workload(String name) {
        return workloads.values().stream()
                .filter(workload -> workload.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    synchronized @Nullable Service service(String key) {
        return services.get(key);
    }

    synchronized @Nullable Policy policy(String key) {
        return policies.get(key);
    }

    synchronized Set<String> workloads() {
        return new TreeSet<>(workloads.keySet());
    }

    synchronized Set<String> services() {
        return new TreeSet<>(services.keySet());
    }

    synchronized Set<String> policies() {
        return new TreeSet<>(policies.keySet());
    }

    /** Names of policies that workloads named before they were there. */
    synchronized List<String> dangling() {
        return List.copyOf(dangling);
    }

    /** Names of resources that nodes were told of, and with a minus of those that went, since it was asked for last. */
    synchronized Set<String> takeTouched() {
        Set<String> taken = new TreeSet<>(touched);
        touched.clear();
        return taken;
    }
}
