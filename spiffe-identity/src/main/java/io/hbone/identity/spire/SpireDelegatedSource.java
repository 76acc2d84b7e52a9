package io.hbone.identity.spire;

import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.internal.HeldCertificates;
import io.hbone.identity.process.PidLookup;
import java.time.Duration;
import java.util.Objects;

/**
 * Certificates of other processes from a SPIRE agent, by its Delegated Identity API (spec/spire.md 1). This process must be one
 * whose SPIFFE id the agent has in {@code authorized_delegates}.
 *
 * <p>There is one connection, one stream of SVIDs for each workload (for each set of selectors, when asking by selectors) and one
 * stream of trust bundles. Certificates and bundles are in use as soon as the agent sends them. A workload believes the bundle of
 * its own trust domain and those that its registration entries federate with. An agent that is away is tried again after 0.1 to
 * 30 seconds; meanwhile everything stays in use until it is over. An SVID that the agent leaves out is taken for withdrawn after
 * a few seconds.
 */
public final class SpireDelegatedSource {
    private SpireDelegatedSource() {}

    /**
     * By selectors: the agent believes this process, so whoever can speak for it can have every identity of the node.
     *
     * @param admin the agent's {@code admin_socket_path}
     */
    public static Builder bySelectors(UnixEndpoint admin, SelectorTemplate template, SourceContext context) {
        Objects.requireNonNull(template, "template");
        return new Builder("spire-selectors", context, admin, (api, actor) -> new SelectorOpener(api, template));
    }

    /**
     * By process id: the agent attests the workload's process itself. It must see the process, and so must this one: both need the
     * PID namespace of the machine.
     *
     * @param admin the agent's {@code admin_socket_path}
     * @param lookup finds the process; the source closes it
     */
    public static Builder byPid(UnixEndpoint admin, PidLookup lookup, SourceContext context) {
        Objects.requireNonNull(lookup, "lookup");
        return new Builder("spire-pid", context, admin, (api, actor) -> new PidOpener(api, lookup, actor));
    }

    private interface Openers {
        SvidOpener opener(DelegatedApi api, Actor actor);
    }

    /** Not safe for use by several threads. */
    public static final class Builder {
        private final String name;
        private final SourceContext context;
        private final UnixEndpoint admin;
        private final Openers openers;
        private Duration firstMessage = StreamTimes.STANDARD.firstMessage();
        private Duration shrinkGrace = StreamTimes.STANDARD.shrinkGrace();
        private Duration reopenBundles = StreamTimes.STANDARD.reopenBundles();

        private Builder(String name, SourceContext context, UnixEndpoint admin, Openers openers) {
            this.name = name;
            this.context = Objects.requireNonNull(context, "context");
            this.admin = Objects.requireNonNull(admin, "admin");
            this.openers = openers;
        }

        /** How long to wait for the first SVID, more than zero; 10 seconds unless set. */
        public Builder timeout(Duration duration) {
            firstMessage = duration;
            return this;
        }

        /** After how long an SVID that is left out of a message is withdrawn, more than zero; 5 seconds unless set. */
        public Builder shrinkGrace(Duration duration) {
            shrinkGrace = duration;
            return this;
        }

        /**
         * After about how long the stream of bundles is opened anew, more than zero; an hour unless set. An agent does not say on
         * an open one that a trust domain is federated no more.
         */
        public Builder reopenBundles(Duration duration) {
            reopenBundles = duration;
            return this;
        }

        /** The source. It connects when the first workload is asked for. */
        public ManagedIdentitySource build() {
            StreamTimes times = new StreamTimes(firstMessage, shrinkGrace, reopenBundles);
            return new HeldCertificates(name, context, (actor, witness) -> {
                DelegatedApi api = new DelegatedApi(admin);
                return new StreamFeed(openers.opener(api, actor), api::bundles, times, context, actor, witness);
            });
        }
    }
}
