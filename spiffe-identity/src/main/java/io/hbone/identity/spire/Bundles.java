package io.hbone.identity.spire;

import com.google.protobuf.ByteString;
import io.hbone.core.TrustBundle;
import io.hbone.core.TrustBundles;
import io.hbone.core.TrustDomain;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The trust bundles in an agent's messages. */
final class Bundles {
    private static final String SCHEME = "spiffe://";

    private Bundles() {}

    /** Agents spell a trust domain as an id or as a bare name (spec/spire.md 1.2). */
    static TrustDomain trustDomain(String key) {
        return TrustDomain.of(key.startsWith(SCHEME) ? key.substring(SCHEME.length()) : key);
    }

    /**
     * What a message means. One that cannot be read stays as it was, or out, and harms no other.
     *
     * @param message by trust domain, DER certificates one behind the other
     * @param before what was believed until now
     * @param problem told of each that cannot be read
     */
    static Map<TrustDomain, TrustBundle> read(
            Map<String, ByteString> message,
            Map<TrustDomain, TrustBundle> before,
            BiConsumer<String, Exception> problem) {
        Map<TrustDomain, TrustBundle> read = new LinkedHashMap<>();
        message.forEach((key, der) -> {
            TrustDomain trustDomain;
            try {
                trustDomain = trustDomain(key);
            } catch (IllegalArgumentException e) {
                problem.accept(key, e);
                return;
            }
            try {
                read.put(trustDomain, new TrustBundle(trustDomain, DerCertificates.parse(der)));
            } catch (CertificateException e) {
                problem.accept(key, e);
                TrustBundle last = before.get(trustDomain);
                if (last != null) {
                    read.put(trustDomain, last);
                }
            }
        });
        return read;
    }

    /** Those of {@code own} and of {@code federated}, as far as they are known; null when {@code own} is not. */
    static @Nullable TrustBundles select(
            Map<TrustDomain, TrustBundle> all, TrustDomain own, Collection<TrustDomain> federated) {
        TrustBundle mine = all.get(own);
        if (mine == null) {
            return null;
        }
        List<TrustBundle> selected = new ArrayList<>();
        selected.add(mine);
        for (TrustDomain trustDomain : Set.copyOf(federated)) {
            TrustBundle bundle = all.get(trustDomain);
            if (bundle != null && !trustDomain.equals(own)) {
                selected.add(bundle);
            }
        }
        return TrustBundles.of(selected);
    }
}
