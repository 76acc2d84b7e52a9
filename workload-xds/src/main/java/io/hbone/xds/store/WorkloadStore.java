package io.hbone.xds.store;

import com.google.protobuf.ByteString;
import io.hbone.core.TrustDomain;
import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.AddressCodec.Decoded;
import io.hbone.xds.model.AddressCodec.DecodedService;
import io.hbone.xds.model.AddressCodec.DecodedWorkload;
import io.hbone.xds.model.MalformedResourceException;
import io.hbone.xds.model.Service;
import io.hbone.xds.model.Workload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds workloads and services. Reading is one volatile read from any thread. Changes come in batches from any thread, are carried
 * out one after another, and are seen whole or not at all.
 *
 * <p>Endpoints are joined with their service in whichever order the two arrive (spec/ztunnel.md 7.3, "staged services"). A
 * resource that cannot be used is rejected by name, and what was held under that name stays.
 */
public final class WorkloadStore implements ResourceSink {
    private static final Logger LOG = LoggerFactory.getLogger(WorkloadStore.class);

    private final AddressCodec codec;
    private final boolean keepEncoded;
    private final List<StoreListener> listeners = new CopyOnWriteArrayList<>();
    private volatile Snapshot snapshot = Snapshot.EMPTY;

    /** For a reader of the mesh: does not keep resources as they came. */
    public WorkloadStore() {
        this(AddressCodec.DEFAULT_TRUST_DOMAIN, false);
    }

    /**
     * @param trustDomain of workloads that name none
     * @param keepEncoded whether {@link Resource#encoded()} is kept, for a server that passes resources on
     */
    public WorkloadStore(TrustDomain trustDomain, boolean keepEncoded) {
        codec = new AddressCodec(trustDomain);
        this.keepEncoded = keepEncoded;
    }

    /** What is known now. */
    public Snapshot snapshot() {
        return snapshot;
    }

    /** Told of each batch from now on. */
    public void addListener(StoreListener listener) {
        listeners.add(listener);
    }

    /** Not told of batches any more. */
    public void removeListener(StoreListener listener) {
        listeners.remove(listener);
    }

    @Override
    public synchronized List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        if (!typeUrl.equals(TypeUrl.ADDRESS)) {
            List<Rejection> rejections = new ArrayList<>(upserts.size());
            for (NamedResource resource : upserts) {
                rejections.add(new Rejection(
                        resource.name(), "type: \"" + typeUrl + "\" (expected: " + TypeUrl.ADDRESS + ")"));
            }
            return rejections;
        }
        Map<String, Integer> lastOfName = new HashMap<>();
        for (int i = 0; i < upserts.size(); i++) {
            lastOfName.put(upserts.get(i).name(), i);
        }
        SnapshotEdit edit = new SnapshotEdit(snapshot);
        for (String name : removals) {
            if (!lastOfName.containsKey(name)) {
                edit.remove(name);
            }
        }
        List<Rejection> rejections = new ArrayList<>();
        for (int i = 0; i < upserts.size(); i++) {
            NamedResource resource = upserts.get(i);
            if (Integer.valueOf(i).equals(lastOfName.get(resource.name()))) {
                String reason = put(edit, resource);
                if (reason != null) {
                    rejections.add(new Rejection(resource.name(), reason));
                }
            }
        }
        publish(edit);
        return rejections;
    }

    /** @return why not, or null when it was taken */
    private @Nullable String put(SnapshotEdit edit, NamedResource resource) {
        Decoded decoded;
        try {
            decoded = codec.decode(resource.body());
        } catch (MalformedResourceException e) {
            return e.getMessage();
        }
        // One text, not two: most resources are called what they hold.
        String name = resource.name().equals(decoded.key()) ? decoded.key() : resource.name();
        ByteString encoded = keepEncoded ? resource.body() : null;
        if (decoded instanceof DecodedWorkload workload) {
            return edit.putWorkload(new Resource<>(name, resource.version(), workload.value(), encoded));
        }
        Service service = ((DecodedService) decoded).value();
        return edit.putService(new Resource<>(name, resource.version(), service, encoded));
    }

    /**
     * Puts workloads and services that a program made, each under its uid or its {@code namespace/hostname}.
     *
     * @param version of all of them, may be empty
     * @param removals uids and {@code namespace/hostname}s; unknown ones are ignored, as are those that are put
     * @return what was not taken
     */
    public synchronized List<Rejection> put(
            String version, List<Workload> workloads, List<Service> services, List<String> removals) {
        SnapshotEdit edit = new SnapshotEdit(snapshot);
        Set<String> kept = new HashSet<>();
        workloads.forEach(workload -> kept.add(workload.uid()));
        services.forEach(service -> kept.add(service.key()));
        for (String name : removals) {
            if (!kept.contains(name)) {
                edit.remove(name);
            }
        }
        List<Rejection> rejections = new ArrayList<>();
        for (Workload workload : workloads) {
            ByteString encoded = keepEncoded ? AddressCodec.encode(workload) : null;
            reject(
                    rejections,
                    workload.uid(),
                    edit.putWorkload(new Resource<>(workload.uid(), version, workload, encoded)));
        }
        for (Service service : services) {
            ByteString encoded = keepEncoded ? AddressCodec.encode(service) : null;
            reject(
                    rejections,
                    service.key(),
                    edit.putService(new Resource<>(service.key(), version, service, encoded)));
        }
        publish(edit);
        return rejections;
    }

    /** Puts one workload under its uid. */
    public List<Rejection> put(Workload workload, String version) {
        return put(version, List.of(workload), List.of(), List.of());
    }

    /** Puts one service under its {@code namespace/hostname}. */
    public List<Rejection> put(Service service, String version) {
        return put(version, List.of(), List.of(service), List.of());
    }

    /** Forgets resources by their names; unknown ones are ignored. */
    public void remove(List<String> names) {
        put("", List.of(), List.of(), names);
    }

    private static void reject(List<Rejection> rejections, String name, @Nullable String reason) {
        if (reason != null) {
            rejections.add(new Rejection(name, reason));
        }
    }

    private void publish(SnapshotEdit edit) {
        StoreChange change = edit.build();
        if (change.isEmpty()) {
            return;
        }
        snapshot = change.after();
        for (StoreListener listener : listeners) {
            try {
                listener.changed(change);
            } catch (RuntimeException e) {
                LOG.error("a listener failed on {}; it may have missed changes", change.after(), e);
            }
        }
    }
}
