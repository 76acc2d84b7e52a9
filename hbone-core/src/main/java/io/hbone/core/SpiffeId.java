package io.hbone.core;

import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who a workload is (SPIFFE-ID section 2, spec/spire.md 4.1). In Istio {@code spiffe://<trust
 * domain>/ns/<namespace>/sa/<service account>} (spec/ztunnel.md 9.1); other paths are identities as well, they only
 * have no namespace and service account.
 *
 * @param trustDomain the authority
 * @param path empty, or segments of {@code A-Z a-z 0-9 . - _} with a slash before each; never a segment that is empty,
 *     {@code .} or {@code ..}
 */
public record SpiffeId(TrustDomain trustDomain, String path) {
    /** The greatest length of {@link #toString()}, in bytes (SPIFFE-ID section 2.3). */
    public static final int MAX_LENGTH = 2048;

    private static final String SCHEME = "spiffe://";
    private static final String NAMESPACE = "/ns/";
    private static final String SERVICE_ACCOUNT = "/sa/";

    /** The type of a uniformResourceIdentifier among subject alternative names (RFC 5280 section 4.2.1.6). */
    private static final Integer URI_NAME = 6;

    /**
     * @throws IllegalArgumentException when {@code path} is not a SPIFFE path, or the whole is longer than 2048 bytes
     */
    public SpiffeId {
        Objects.requireNonNull(trustDomain, "trustDomain");
        requirePath(path);
        int length = SCHEME.length() + trustDomain.name().length() + path.length();
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException("spiffeId: " + length + " bytes (expected: <= " + MAX_LENGTH + ")");
        }
    }

    /**
     * Reads an identity. Scheme and trust domain may be in any case and are normalised: this is for configuration.
     *
     * @throws IllegalArgumentException when {@code text} is not a SPIFFE id
     */
    public static SpiffeId parse(String text) {
        return parse(text, false);
    }

    /**
     * Reads an identity that a peer presents. Scheme and trust domain must be in lower case, so that what authorisation
     * compares has one spelling (spec/spire.md 4.1).
     *
     * @throws IllegalArgumentException when {@code text} is not a SPIFFE id in its one spelling
     */
    public static SpiffeId parseStrict(String text) {
        return parse(text, true);
    }

    /**
     * The identity of a Kubernetes service account.
     *
     * @throws IllegalArgumentException when {@code namespace} or {@code serviceAccount} is not exactly one path segment
     */
    public static SpiffeId ofServiceAccount(TrustDomain trustDomain, String namespace, String serviceAccount) {
        requireSegment("namespace", namespace);
        requireSegment("serviceAccount", serviceAccount);
        return new SpiffeId(trustDomain, NAMESPACE + namespace + SERVICE_ACCOUNT + serviceAccount);
    }

    /**
     * The identity that a leaf certificate carries (X509-SVID sections 2 and 5.2, spec/spire.md 4.2 checks 2 and 3).
     * All URI names count, not only SPIFFE ones; a subject alternative name extension that cannot be read counts as
     * none.
     *
     * @throws CertificateException with what was found, when {@code leaf} does not have exactly one URI name, or that
     *     is not a strict SPIFFE id, or it has no path, as only a signing certificate's has
     */
    public static SpiffeId of(X509Certificate leaf) throws CertificateException {
        String uri = null;
        int uris = 0;
        for (List<?> name : alternativeNames(leaf)) {
            if (URI_NAME.equals(name.get(0))) {
                uris++;
                uri = (String) name.get(1);
            }
        }
        if (uri == null || uris != 1) {
            throw new CertificateException("URI names of the leaf: " + uris + " (expected: exactly one)");
        }
        SpiffeId id;
        try {
            id = parseStrict(uri);
        } catch (IllegalArgumentException e) {
            throw new CertificateException("URI name of the leaf: " + e.getMessage(), e);
        }
        if (id.path.isEmpty()) {
            throw new CertificateException("URI name of the leaf: " + Text.quote(uri) + " (expected: a path)");
        }
        return id;
    }

    /** The namespace when the path is exactly {@code /ns/X/sa/Y}, else null. */
    public @Nullable String namespace() {
        int end = namespaceEnd();
        return end < 0 ? null : path.substring(NAMESPACE.length(), end);
    }

    /** The service account when the path is exactly {@code /ns/X/sa/Y}, else null. */
    public @Nullable String serviceAccount() {
        int end = namespaceEnd();
        return end < 0 ? null : path.substring(end + SERVICE_ACCOUNT.length());
    }

    /** The identity as certificates and policies spell it. */
    @Override
    public String toString() {
        return SCHEME + trustDomain.name() + path;
    }

    private static SpiffeId parse(String text, boolean strict) {
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "spiffeId: " + Text.quote(text) + " (expected: <= " + MAX_LENGTH + " bytes)");
        }
        boolean scheme = strict ? text.startsWith(SCHEME) : Text.startsWithIgnoreCase(text, 0, text.length(), SCHEME);
        if (!scheme) {
            throw new IllegalArgumentException("spiffeId: " + Text.quote(text) + " (expected: " + SCHEME + "...)");
        }
        int slash = Text.indexOf(text, '/', SCHEME.length(), text.length());
        String name = text.substring(SCHEME.length(), slash);
        String path = text.substring(slash);
        try {
            return new SpiffeId(TrustDomain.of(strict ? name : lowerCase(name)), path);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("spiffeId: " + Text.quote(text) + ": " + e.getMessage(), e);
        }
    }

    private static String lowerCase(String name) {
        // Only what is ASCII: full Unicode lower case makes an ASCII k out of the Kelvin sign.
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) > '~') {
                return name;
            }
        }
        return name.toLowerCase(Locale.ROOT);
    }

    private static void requirePath(String path) {
        if (path.isEmpty()) {
            return;
        }
        if (path.charAt(0) != '/') {
            throw new IllegalArgumentException("path: " + Text.quote(path) + " (expected: empty, or a '/' first)");
        }
        int start = 1;
        while (start <= path.length()) {
            int end = Text.indexOf(path, '/', start, path.length());
            if (!isSegment(path, start, end)) {
                throw new IllegalArgumentException("path: " + Text.quote(path)
                        + " (expected: segments of A-Z, a-z, 0-9, '.', '-', '_', none empty or '.' or '..')");
            }
            start = end + 1;
        }
    }

    private static void requireSegment(String name, String segment) {
        if (!isSegment(segment, 0, segment.length())) {
            throw new IllegalArgumentException(name + ": " + Text.quote(segment)
                    + " (expected: one segment of A-Z, a-z, 0-9, '.', '-', '_' that is not '.' or '..')");
        }
    }

    private static boolean isSegment(String text, int from, int to) {
        boolean dots = true;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            boolean allowed = Text.isLower(c) || Text.isUpper(c) || Text.isDigit(c) || c == '.' || c == '-' || c == '_';
            if (!allowed) {
                return false;
            }
            dots &= c == '.';
        }
        int length = to - from;
        return length > 2 || (length > 0 && !dots);
    }

    /** Where the namespace ends in a path of the form {@code /ns/X/sa/Y}, or -1. */
    private int namespaceEnd() {
        if (!path.startsWith(NAMESPACE)) {
            return -1;
        }
        int end = path.indexOf('/', NAMESPACE.length());
        boolean form = end >= 0
                && path.startsWith(SERVICE_ACCOUNT, end)
                && path.indexOf('/', end + SERVICE_ACCOUNT.length()) < 0;
        return form ? end : -1;
    }

    private static Collection<List<?>> alternativeNames(X509Certificate leaf) {
        try {
            Collection<List<?>> names = leaf.getSubjectAlternativeNames();
            return names == null ? List.of() : names;
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }
}
