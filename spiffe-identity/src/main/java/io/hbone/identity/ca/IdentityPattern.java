package io.hbone.identity.ca;

import io.hbone.core.SpiffeId;
import org.jspecify.annotations.Nullable;

/**
 * Identities of service accounts: {@code spiffe://<trust domain>/ns/<namespace>/sa/<service account>}, in which namespace and
 * service account may each be {@code *}, any one.
 */
record IdentityPattern(String trustDomain, String namespace, String serviceAccount) {
    private static final String ANY = "*";

    /** Stands in for {@code *}, to have the rest checked by the rules of identities. */
    private static final String PLACEHOLDER = "any";

    /** @throws IllegalArgumentException when it is no such pattern */
    static IdentityPattern parse(String text) {
        String[] parts = text.split("/", -1);
        boolean fits = parts.length == 7 && parts[3].equals("ns") && parts[5].equals("sa");
        if (fits) {
            String namespace = parts[4];
            String serviceAccount = parts[6];
            String concrete = text;
            if (namespace.equals(ANY) || serviceAccount.equals(ANY)) {
                concrete =
                        String.join("/", parts[0], parts[1], parts[2], "ns", or(namespace), "sa", or(serviceAccount));
            }
            SpiffeId id = SpiffeId.parseStrict(concrete);
            return new IdentityPattern(id.trustDomain().name(), namespace, serviceAccount);
        }
        throw new IllegalArgumentException(
                "identity: \"" + text + "\" (expected: spiffe://<trust domain>/ns/<namespace or *>/sa/<account or *>)");
    }

    private static String or(String segment) {
        return segment.equals(ANY) ? PLACEHOLDER : segment;
    }

    boolean matches(SpiffeId id) {
        return id.trustDomain().name().equals(trustDomain)
                && fits(namespace, id.namespace())
                && fits(serviceAccount, id.serviceAccount());
    }

    private static boolean fits(String pattern, @Nullable String segment) {
        return segment != null && (pattern.equals(ANY) || pattern.equals(segment));
    }

    /** The one identity that it stands for; null when there may be several. */
    @Nullable SpiffeId only() {
        return namespace.equals(ANY) || serviceAccount.equals(ANY)
                ? null
                : SpiffeId.parseStrict("spiffe://" + trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount);
    }
}
