package io.hbone.node.identity;

import io.hbone.core.TrustDomain;
import io.hbone.identity.IdentityStatus;
import io.hbone.identity.ManagedIdentitySource;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the node holds, for the admin page {@code /identities}, which {@code hbone identity} reads. */
public final class HeldIdentities {
    private final ManagedIdentitySource source;
    private final Clock clock;

    public HeldIdentities(ManagedIdentitySource source, Clock clock) {
        this.source = source;
        this.clock = clock;
    }

    /** One map for each workload, in the order of their ids. */
    public List<Map<String, Object>> dump() {
        return dump(source.identities(), clock.instant());
    }

    /** The same of any source. */
    public static List<Map<String, Object>> dump(List<IdentityStatus> held, Instant now) {
        return held.stream()
                .sorted(Comparator.comparing((IdentityStatus status) ->
                                status.workload().spiffeId().toString())
                        .thenComparing(status -> status.workload().uid()))
                .map(status -> dump(status, now))
                .toList();
    }

    private static Map<String, Object> dump(IdentityStatus status, Instant now) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("workload", status.workload().uid());
        out.put("identity", status.workload().spiffeId().toString());
        out.put("source", status.source());
        out.put("serving", status.isServing(now));
        put(out, "serial", status.serial());
        put(out, "notBefore", status.notBefore());
        put(out, "notAfter", status.notAfter());
        put(out, "nextRefresh", status.nextRefresh());
        put(out, "lastError", status.lastError());
        put(out, "lastErrorAt", status.lastErrorAt());
        out.put(
                "trustDomains",
                status.trustDomains().stream().map(TrustDomain::name).sorted().toList());
        return out;
    }

    private static void put(Map<String, Object> out, String key, @Nullable Object value) {
        if (value != null) {
            out.put(key, value.toString());
        }
    }
}
