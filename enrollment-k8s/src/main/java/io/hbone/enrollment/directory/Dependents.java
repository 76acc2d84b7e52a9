package io.hbone.enrollment.directory;

import io.hbone.enrollment.directory.ClusterFacts.PodName;
import io.hbone.enrollment.directory.ClusterFacts.ServiceName;
import io.hbone.enrollment.directory.ResourceKey.OfEndpoint;
import io.hbone.enrollment.directory.ResourceKey.OfPod;
import io.hbone.enrollment.directory.ResourceKey.OfPolicy;
import io.hbone.enrollment.directory.ResourceKey.OfService;
import io.hbone.enrollment.directory.ResourceKey.Source;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Says which resources may be others when facts have changed, and keeps what finds them. Policies come before the workloads that name
 * them. Under the lock of the facts.
 */
final class Dependents {
    private final ClusterFacts facts;
    private final String rootNamespace;
    private final Consumer<ResourceKey> touched;
    private boolean active;

    /** @param touched hears of each, often more than once; quick */
    Dependents(ClusterFacts facts, String rootNamespace, Consumer<ResourceKey> touched) {
        this.facts = facts;
        this.rootNamespace = rootNamespace;
        this.touched = touched;
    }

    /** From now on; what is touched is told once {@link #all} has been asked for. */
    void listen() {
        facts.pods.listen((namespace, name, before, now) -> {
            pod(before, now);
            // One that Cilium knew before, and that may have been another.
            facts.cilium.get(new PodName(namespace, name)).forEach(this::touch);
        });
        facts.services.listen(this::service);
        facts.slices.listen(this::slice);
        facts.namespaces.listen((none, name, before, now) -> allOf(name));
        facts.nodes.listen((none, name, before, now) -> node(name));
        facts.gateways.listen((namespace, name, before, now) -> gateway(namespace, name));
        facts.ciliumEndpoints.listen((namespace, name, before, now) -> cilium(before, now));
        facts.ciliumSlices.listen((none, name, before, now) -> cilium(before, now));
        facts.policies.listen(this::policy);
        facts.strictMtls.listen((namespace, name, before, now) -> strict(Source.STRICT_MTLS, namespace, name));
        facts.peerAuthentications.listen(
                (namespace, name, before, now) -> strict(Source.PEER_AUTHENTICATION, namespace, name));
    }

    /** Everything that there may be, and from now on what changes. */
    void all() {
        active = true;
        facts.policies.forEachEntry((namespace, name, policy) -> policyObject(namespace, name));
        facts.strictMtls.forEachEntry((namespace, name, strict) -> strictObject(Source.STRICT_MTLS, namespace, name));
        facts.peerAuthentications.forEachEntry(
                (namespace, name, strict) -> strictObject(Source.PEER_AUTHENTICATION, namespace, name));
        facts.services.forEachEntry((namespace, name, service) -> touch(new OfService(namespace, name)));
        facts.pods.forEachEntry((namespace, name, pod) -> touch(pod));
        facts.cilium.all().forEach(endpoints -> endpoints.forEach(this::touch));
        facts.slices.forEachEntry(this::endpoints);
    }

    private void pod(@Nullable PodFacts before, @Nullable PodFacts now) {
        if (before != null) {
            touch(before);
            boolean gone = now == null || !now.uid().equals(before.uid());
            if (gone && isKnownToCilium(before.template().namespace(), before.name(), before.uid())) {
                facts.gone.add(before.uid());
            }
        }
        if (now != null) {
            touch(now);
        }
    }

    private void touch(ResourceKey key) {
        if (active) {
            touched.accept(key);
        }
    }

    private void touch(PodFacts pod) {
        touch(new OfPod(pod.template().namespace(), pod.name(), pod.uid()));
    }

    private void touch(CiliumFacts endpoint) {
        if (!endpoint.uid().isEmpty()) {
            touch(new OfPod(endpoint.namespace(), endpoint.name(), endpoint.uid()));
        }
        podNamed(endpoint.namespace(), endpoint.name());
    }

    private void podNamed(String namespace, String name) {
        PodFacts pod = facts.pods.get(namespace, name);
        if (pod != null) {
            touch(pod);
        }
    }

    private void cilium(@Nullable List<CiliumFacts> before, @Nullable List<CiliumFacts> now) {
        Objects.requireNonNullElse(before, List.<CiliumFacts>of()).forEach(endpoint -> {
            facts.cilium.remove(new PodName(endpoint.namespace(), endpoint.name()), endpoint);
            touch(endpoint);
        });
        Objects.requireNonNullElse(now, List.<CiliumFacts>of()).forEach(endpoint -> {
            facts.cilium.add(new PodName(endpoint.namespace(), endpoint.name()), endpoint);
            touch(endpoint);
        });
        Objects.requireNonNullElse(before, List.<CiliumFacts>of()).forEach(endpoint -> {
            if (!isKnownToCilium(endpoint.namespace(), endpoint.name(), endpoint.uid())) {
                facts.gone.remove(endpoint.uid());
            }
        });
    }

    private boolean isKnownToCilium(String namespace, String name, String uid) {
        return facts.cilium.get(new PodName(namespace, name)).stream()
                .anyMatch(endpoint -> endpoint.uid().equals(uid));
    }

    private void service(String namespace, String name, @Nullable ServiceFacts before, @Nullable ServiceFacts now) {
        touch(new OfService(namespace, name));
        if (before != null) {
            if (!before.selector().isEmpty()) {
                facts.serviceSelectors.remove(namespace, before.selector(), name);
            }
            podsSelected(namespace, before.selector());
        }
        if (now != null) {
            if (!now.selector().isEmpty()) {
                facts.serviceSelectors.add(namespace, now.selector(), name);
            }
            if (before == null || !now.selector().equals(before.selector())) {
                podsSelected(namespace, now.selector());
            }
        }
        for (String slice : facts.slicesOfServices.get(new ServiceName(namespace, name))) {
            endpoints(namespace, slice, Objects.requireNonNull(facts.slices.get(namespace, slice)));
        }
    }

    private void podsSelected(String namespace, Map<String, String> selector) {
        if (!selector.isEmpty()) {
            pods(namespace, (name, pod) -> Labels.match(selector, pod.template().labels()));
        }
    }

    private void slice(String namespace, String name, @Nullable SliceFacts before, @Nullable SliceFacts now) {
        if (before != null) {
            facts.slicesOfServices.remove(new ServiceName(namespace, before.service()), name);
            before.pods().forEach(pod -> facts.slicesOfPods.remove(new PodName(namespace, pod), before));
            endpoints(namespace, name, before);
        }
        if (now != null) {
            facts.slicesOfServices.add(new ServiceName(namespace, now.service()), name);
            now.pods().forEach(pod -> facts.slicesOfPods.add(new PodName(namespace, pod), now));
            endpoints(namespace, name, now);
        }
    }

    private void endpoints(String namespace, String name, SliceFacts slice) {
        slice.others().keySet().forEach(address -> touch(new OfEndpoint(namespace, name, address)));
        for (String pod : slice.pods()) {
            podNamed(namespace, pod);
            facts.cilium.get(new PodName(namespace, pod)).forEach(this::touch);
        }
    }

    private void allOf(String namespace) {
        if (!active) {
            return;
        }
        facts.services.in(namespace).keySet().forEach(name -> touch(new OfService(namespace, name)));
        pods(namespace, (name, pod) -> true);
        ofCiliumAlone(name -> name.equals(namespace));
    }

    /** Endpoints of Cilium whose pods are not known, which have no labels. */
    private void ofCiliumAlone(Predicate<String> namespace) {
        if (!active) {
            return;
        }
        facts.cilium
                .all()
                .forEach(endpoints -> endpoints.stream()
                        .filter(endpoint -> namespace.test(endpoint.namespace())
                                && facts.pods.get(endpoint.namespace(), endpoint.name()) == null)
                        .forEach(this::touch));
    }

    private void node(String name) {
        if (!active) {
            return;
        }
        facts.pods.forEachEntry((namespace, unused, pod) -> {
            if (pod.node().equals(name)) {
                touch(pod);
            }
        });
    }

    private void gateway(String namespace, String name) {
        if (!active) {
            return;
        }
        ServiceName gateway = new ServiceName(namespace, name);
        facts.services.forEachEntry((client, service, known) -> {
            if (gateway.equals(facts.waypoint(known.labels(), client))) {
                touch(new OfService(client, service));
            }
        });
        facts.pods.forEachEntry((client, unused, pod) -> {
            Map<String, String> labels = pod.template().labels();
            if (gateway.equals(facts.waypoint(labels, client))
                    || (client.equals(namespace) && name.equals(labels.get(Names.GATEWAY_NAME)))) {
                touch(pod);
            }
        });
        ofCiliumAlone(client -> gateway.equals(facts.waypoint(Map.of(), client)));
    }

    private void policy(String namespace, String name, @Nullable PolicyFacts before, @Nullable PolicyFacts now) {
        policyObject(namespace, name);
        if (before != null && before.selector() != null) {
            if (before.selector().isEmpty()) {
                facts.policiesForAll.remove(namespace, name);
            } else {
                facts.policySelectors.remove(namespace, before.selector(), name);
            }
            workloadsSelected(namespace, before.selector());
        }
        if (now != null && now.selector() != null) {
            if (now.selector().isEmpty()) {
                facts.policiesForAll.add(namespace, name);
            } else {
                facts.policySelectors.add(namespace, now.selector(), name);
            }
            workloadsSelected(namespace, now.selector());
        }
    }

    private void workloadsSelected(String namespace, Map<String, String> selector) {
        forWorkloadsOf(
                namespace,
                client -> pods(
                        client,
                        (name, pod) -> Labels.match(selector, pod.template().labels())));
        if (selector.isEmpty()) {
            ofCiliumAlone(client -> isFor(namespace, client));
        }
    }

    private void strict(Source source, String namespace, String name) {
        // Others of the namespace, or of the mesh, may take from it what they do not say.
        strictObject(source, namespace, name);
        forWorkloadsOf(
                namespace,
                client ->
                        facts.strict(source).in(client).keySet().forEach(other -> strictObject(source, client, other)));
        forWorkloadsOf(namespace, client -> pods(client, (pod, known) -> true));
        ofCiliumAlone(client -> isFor(namespace, client));
    }

    /** The root namespace's are for all. */
    private void forWorkloadsOf(String namespace, Consumer<String> client) {
        if (namespace.equals(rootNamespace)) {
            facts.namespaces.in("").keySet().forEach(client);
        } else {
            client.accept(namespace);
        }
    }

    private boolean isFor(String namespace, String client) {
        return namespace.equals(rootNamespace) || namespace.equals(client);
    }

    private void policyObject(String namespace, String name) {
        touch(new OfPolicy(Source.AUTHORIZATION_POLICY, namespace, name));
    }

    private void strictObject(Source source, String namespace, String name) {
        touch(new OfPolicy(source, namespace, name));
    }

    private void pods(String namespace, BiPredicate<String, PodFacts> which) {
        if (!active) {
            return;
        }
        facts.pods.in(namespace).forEach((name, pod) -> {
            if (which.test(name, pod)) {
                touch(pod);
            }
        });
    }
}
