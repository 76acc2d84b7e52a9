package io.hbone.netty.tls;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Who does the cryptography. */
public enum TlsProvider {
    /** BoringSSL through netty-tcnative: several times the throughput of the JDK's, and a post-quantum key exchange. */
    OPENSSL,
    /** The JDK's own: everywhere, slower. */
    JDK;

    /** The system property that chooses: {@code openssl} or {@code jdk}. Read once. */
    public static final String PROPERTY = "io.hbone.netty.tls.provider";

    /**
     * The provider to use when nobody says otherwise: what {@link #PROPERTY} names, else BoringSSL where its native library
     * loads, else the JDK, which is logged once with the reason. Safe for use by any thread.
     *
     * @throws IllegalStateException when the property names one that does not exist or cannot be used
     */
    public static TlsProvider preferred() {
        return Preferred.PROVIDER;
    }

    /** Why it cannot be used on this machine, or null when it can. */
    public @Nullable Throwable unavailabilityCause() {
        if (this == JDK) {
            return null;
        }
        if (!OpenSsl.isAvailable()) {
            return OpenSsl.unavailabilityCause();
        }
        return SslProvider.isTlsv13Supported(SslProvider.OPENSSL_REFCNT)
                ? null
                : new UnsupportedOperationException(OpenSsl.versionString() + " (expected: one with TLS 1.3)");
    }

    /** Returns this. @throws IllegalStateException with the cause, when it cannot be used on this machine */
    TlsProvider requireAvailable() {
        Throwable cause = unavailabilityCause();
        if (cause != null) {
            throw new IllegalStateException("TLS provider " + this + " is not available: " + cause, cause);
        }
        return this;
    }

    /**
     * @param name the value of {@link #PROPERTY}, or null
     * @param log is told when it is not the provider that one would expect
     */
    static TlsProvider choose(@Nullable String name, @Nullable Throwable opensslUnavailable, Consumer<String> log) {
        if (name == null || name.isEmpty()) {
            if (opensslUnavailable == null) {
                return OPENSSL;
            }
            log.accept("TLS is done by the JDK, which is slower, because BoringSSL is not available: "
                    + opensslUnavailable);
            return JDK;
        }
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "openssl" -> OPENSSL.requireAvailable();
            case "jdk" -> JDK;
            default -> throw new IllegalStateException(PROPERTY + ": " + name + " (expected: openssl or jdk)");
        };
    }

    /** Chosen when first asked for, once for the process. */
    private static final class Preferred {
        static final TlsProvider PROVIDER = choose(
                System.getProperty(PROPERTY),
                OPENSSL.unavailabilityCause(),
                LoggerFactory.getLogger(TlsProvider.class)::warn);
    }
}
