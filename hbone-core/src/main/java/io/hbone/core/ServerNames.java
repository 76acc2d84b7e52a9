package io.hbone.core;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of which the certificate of a control plane's server must bear one. The JDK compares with one name alone, while {@code
 * ALT_CA_HOSTNAME} and {@code ALT_XDS_HOSTNAME} name a second (spec/ztunnel.md 14). Names are compared as RFC 6125 section 6.4 says:
 * without regard to case, and with a wildcard for the whole first label only. Immutable.
 *
 * @param names DNS names or IP addresses, in lower case; not empty
 */
public record ServerNames(Set<String> names) {
    private static final Integer DNS_NAME = 2;
    private static final Integer IP_ADDRESS = 7;

    /** @throws IllegalArgumentException when there is none */
    public ServerNames {
        Set<String> lower = new LinkedHashSet<>();
        names.forEach(name -> lower.add(name.toLowerCase(Locale.ROOT)));
        if (lower.isEmpty()) {
            throw new IllegalArgumentException("server names: none (expected: at least one)");
        }
        names = Collections.unmodifiableSet(lower);
    }

    /** {@code name}, and {@code other} when it is not null. */
    public static ServerNames of(String name, @Nullable String other) {
        Set<String> names = new LinkedHashSet<>(List.of(name));
        if (other != null) {
            names.add(other);
        }
        return new ServerNames(names);
    }

    /**
     * Says no when none of the certificate's alternative names is one of these. Its common name does not count.
     *
     * @throws CertificateException with the names that it bears and those that were expected
     */
    public void verify(X509Certificate certificate) throws CertificateException {
        List<String> presented = presentedBy(certificate);
        for (String name : names) {
            for (String one : presented) {
                if (matches(one, name)) {
                    return;
                }
            }
        }
        throw new CertificateException(
                "the server's certificate is for " + presented + " (expected: one of " + names + ")");
    }

    private static List<String> presentedBy(X509Certificate certificate) throws CertificateException {
        List<String> presented = new ArrayList<>();
        @Nullable Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
            for (List<?> alternative : alternatives) {
                if (DNS_NAME.equals(alternative.get(0)) || IP_ADDRESS.equals(alternative.get(0))) {
                    presented.add(String.valueOf(alternative.get(1)).toLowerCase(Locale.ROOT));
                }
            }
        }
        return presented;
    }

    private static boolean matches(String presented, String name) {
        int dot = name.indexOf('.');
        return presented.equals(name)
                || (presented.startsWith("*.")
                        && presented.indexOf('.', 2) > 0 // "*.local" would be too wide for anybody's purpose
                        && dot > 0
                        && presented.substring(1).equals(name.substring(dot)));
    }
}
