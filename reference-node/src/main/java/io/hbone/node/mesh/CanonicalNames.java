package io.hbone.node.mesh;

import io.hbone.xds.NamedResource;
import io.hbone.xds.Rejection;
import io.hbone.xds.ResourceSink;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.MalformedResourceException;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls workloads and services by what they say of themselves: servers send what was asked for by an address under that, too, as
 * ztunnel waits for the very name (spec/ztunnel.md 4.5), and one thing under two names would be a conflict.
 */
final class CanonicalNames implements ResourceSink {
    private final AddressCodec codec = new AddressCodec(AddressCodec.DEFAULT_TRUST_DOMAIN);
    private final ResourceSink next;

    CanonicalNames(ResourceSink next) {
        this.next = next;
    }

    @Override
    public List<Rejection> apply(String typeUrl, List<NamedResource> upserts, List<String> removals) {
        List<NamedResource> named = new ArrayList<>(upserts.size());
        for (NamedResource resource : upserts) {
            named.add(new NamedResource(name(resource), resource.version(), resource.aliases(), resource.body()));
        }
        return next.apply(typeUrl, named, removals);
    }

    /** Of what cannot be read the name that it came under: whoever sent it is told of that. */
    private String name(NamedResource resource) {
        try {
            return codec.decode(resource.body()).key();
        } catch (MalformedResourceException e) {
            return resource.name();
        }
    }
}
