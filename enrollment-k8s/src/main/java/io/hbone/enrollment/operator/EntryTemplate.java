package io.hbone.enrollment.operator;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What an entry of a service account looks like (spec/cilium.md 5.3), and whose it is. The id is made of the owner's name and a hash
 * of all that makes two entries the same one to the server: so two operators that register the same thing at once end with one
 * entry, and an entry of the owner is known as such whatever else has been changed about it.
 */
final class EntryTemplate {
    /** One segment of what SPIRE takes for an id (spec/spire.md 3.2). */
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private static final int HASH_BYTES = 16;

    private final TrustDomain trustDomain;
    private final SpiffeId parent;
    private final String prefix;
    private final int ttlSeconds;

    /**
     * @param owner who owns the entries: another one for each cluster that registers at the same server
     * @param ttl of the SVIDs, whole seconds; zero is the server's default
     */
    EntryTemplate(TrustDomain trustDomain, String parentPath, String owner, Duration ttl) {
        if (!OWNER.matcher(owner).matches()) {
            throw new IllegalArgumentException(
                    "owner: \"" + owner + "\" (expected: 1 to 64 of A-Z, a-z, 0-9, '-', '_')");
        }
        this.trustDomain = trustDomain;
        this.parent = new SpiffeId(trustDomain, parentPath);
        this.prefix = owner + ".";
        this.ttlSeconds = Math.toIntExact(ttl.toSeconds());
    }

    RegistrationEntry of(String namespace, String account) {
        SpiffeId id = SpiffeId.ofServiceAccount(trustDomain, namespace, account);
        Set<RegistrationEntry.Selector> selectors = Set.of(
                new RegistrationEntry.Selector("k8s", "ns:" + namespace),
                new RegistrationEntry.Selector("k8s", "sa:" + account));
        // The selectors follow from the identity.
        return new RegistrationEntry(prefix + hash(id + " " + parent), id, parent, selectors, ttlSeconds);
    }

    /** Whether an entry with this id is the operator's. */
    boolean owns(String id) {
        return id.startsWith(prefix);
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 (expected: every JDK has it)", e);
        }
    }
}
