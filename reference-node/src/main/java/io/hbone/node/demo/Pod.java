package io.hbone.node.demo;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import java.util.Locale;

/** Who takes part. */
enum Pod {
    WEB(true),
    SHOP(true),
    LEGACY(false),
    BATCH(false);

    static final String NAMESPACE = "demo";
    static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    private final boolean enrolled;

    Pod(boolean enrolled) {
        this.enrolled = enrolled;
    }

    /** Whether it has a node. */
    boolean enrolled() {
        return enrolled;
    }

    /** Its name, and that of its service account. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Who it is, if it is enrolled. */
    SpiffeId identity() {
        return SpiffeId.ofServiceAccount(TRUST_DOMAIN, NAMESPACE, text());
    }
}
