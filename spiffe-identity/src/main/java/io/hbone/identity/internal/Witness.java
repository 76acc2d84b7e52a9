package io.hbone.identity.internal;

import io.hbone.identity.IdentityObserver;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One source's line to the observer, which must not be able to hurt the source. */
public final class Witness {
    private static final Logger log = LoggerFactory.getLogger(Witness.class);

    private final String source;
    private final IdentityObserver observer;

    public Witness(String source, IdentityObserver observer) {
        this.source = source;
        this.observer = observer;
    }

    /** The source's name. */
    public String source() {
        return source;
    }

    /** Passes an event, and the source's name, on. */
    public void tell(BiConsumer<IdentityObserver, String> event) {
        try {
            event.accept(observer, source);
        } catch (RuntimeException e) {
            log.error("the observer of {} failed", source, e);
        }
    }
}
