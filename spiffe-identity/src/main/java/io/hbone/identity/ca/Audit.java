package io.hbone.identity.ca;

import io.hbone.core.SpiffeId;
import java.security.cert.X509Certificate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line for each certificate that was issued, and for each request that was refused; never a token or a key. */
final class Audit {
    private static final Logger log = LoggerFactory.getLogger(Audit.class);

    /** What others wrote goes into a line only so far. */
    private static final int MAX_TEXT = 300;

    void issued(CallOrigin origin, String caller, SpiffeId id, X509Certificate leaf, boolean impersonated) {
        log.info(
                "certificate issued: id={} serial={} not_after={} key={} caller={} impersonated={} peer={}",
                id,
                leaf.getSerialNumber().toString(16),
                leaf.getNotAfter().toInstant(),
                leaf.getPublicKey().getAlgorithm(),
                clean(caller),
                impersonated,
                origin.peer());
    }

    void refused(CallOrigin origin, String caller, String why) {
        log.warn("certificate refused: caller={} peer={} reason=\"{}\"", clean(caller), origin.peer(), clean(why));
    }

    /** One line stays one line, whatever a stranger sent. */
    private static String clean(String text) {
        String cut = text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "...";
        return cut.replaceAll("[^\\x20-\\x7e]", "?");
    }
}
