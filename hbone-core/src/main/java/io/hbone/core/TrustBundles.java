package io.hbone.core;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The bundles of all trust domains that a workload believes: its own and the federated ones. Immutable. A certificate
 * is verified with the bundle of its own trust domain and no other, so there is no way to have all authorities in one
 * set (X509-SVID section 5.2, spec/spire.md 4.2 check 8).
 */
public final class TrustBundles {
    /** Believes nobody. */
    public static final TrustBundles EMPTY = new TrustBundles(Map.of());

    private final Map<TrustDomain, TrustBundle> byTrustDomain;

    private TrustBundles(Map<TrustDomain, TrustBundle> byTrustDomain) {
        this.byTrustDomain = Map.copyOf(byTrustDomain);
    }

    /** @throws IllegalArgumentException when two bundles are of one trust domain */
    public static TrustBundles of(TrustBundle... bundles) {
        return of(Arrays.asList(bundles));
    }

    /** @throws IllegalArgumentException when two bundles are of one trust domain */
    public static TrustBundles of(Collection<TrustBundle> bundles) {
        Map<TrustDomain, TrustBundle> map = new LinkedHashMap<>();
        for (TrustBundle bundle : bundles) {
            if (map.put(bundle.trustDomain(), bundle) != null) {
                throw new IllegalArgumentException(
                        "bundles: two of " + bundle.trustDomain() + " (expected: one of each trust domain)");
            }
        }
        return new TrustBundles(map);
    }

    /** The bundle of {@code trustDomain}; null when nobody from there is believed. */
    public @Nullable TrustBundle of(TrustDomain trustDomain) {
        return byTrustDomain.get(trustDomain);
    }

    /** The trust domains that have a bundle, also an empty one. Immutable, in no order. */
    public Set<TrustDomain> trustDomains() {
        return byTrustDomain.keySet();
    }

    /** All bundles. Immutable, in no order. */
    public Collection<TrustBundle> all() {
        return byTrustDomain.values();
    }

    /** These bundles with {@code bundle} added, or put in the place of the one of its trust domain. */
    public TrustBundles with(TrustBundle bundle) {
        Map<TrustDomain, TrustBundle> map = new LinkedHashMap<>(byTrustDomain);
        map.put(bundle.trustDomain(), bundle);
        return new TrustBundles(map);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TrustBundles that && byTrustDomain.equals(that.byTrustDomain);
    }

    @Override
    public int hashCode() {
        return byTrustDomain.hashCode();
    }

    /** The names, and how many authorities each has. */
    @Override
    public String toString() {
        return byTrustDomain.values().toString();
    }
}
