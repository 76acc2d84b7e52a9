package io.hbone.identity.spire;

import io.hbone.core.IdentitySource;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.SourceContext;
import io.hbone.identity.UnixEndpoint;
import io.hbone.identity.internal.Actor;
import io.hbone.identity.internal.HeldCertificates;
import io.hbone.identity.process.PidLookup;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiFunction;

/**
 * Certificates of other workloads from an agent, by the SPIFFE Broker API (spec/spire.md 1b), the successor of SPIRE's delegated
 * one. This process needs an identity of its own, which the agent must have among its {@code brokers}; the agent must be of the
 * same trust domain. Bundles come with the SVIDs. Otherwise as {@link SpireDelegatedSource}.
 *
 * <p>The standard is incubating. This is the form that SPIRE 1.15.2 to 1.16 serve, where references are of the package {@code
 * spiffe.broker}; a later draft has them in {@code spiffe.reference}, which those agents do not know.
 */
public final class BrokerSource {
    private BrokerSource() {}

    /**
     * By process id.
     *
     * @param broker the agent's Broker API
     * @param lookup finds the process; the source closes it
     * @param own gives this process's own certificate, {@link WorkloadApiSource#of} for example; the caller closes it
     * @param self who this process is, to {@code own}
     * @param timeout how long to wait for the first SVID, more than zero
     */
    public static ManagedIdentitySource byPid(
            UnixEndpoint broker,
            PidLookup lookup,
            IdentitySource own,
            WorkloadIdentity self,
            Duration timeout,
            SourceContext context) {
        Objects.requireNonNull(lookup, "lookup");
        return source(
                "broker-pid", broker, own, self, timeout, context, (api, actor) -> new PidOpener(api, lookup, actor));
    }

    /** By pod: the workload's uid is the pod's. Parameters as for {@link #byPid}. */
    public static ManagedIdentitySource byPod(
            UnixEndpoint broker, IdentitySource own, WorkloadIdentity self, Duration timeout, SourceContext context) {
        return source("broker-pod", broker, own, self, timeout, context, (api, actor) -> new PodOpener(api));
    }

    private static ManagedIdentitySource source(
            String name,
            UnixEndpoint broker,
            IdentitySource own,
            WorkloadIdentity self,
            Duration timeout,
            SourceContext context,
            BiFunction<BrokerApi, Actor, SvidOpener> opener) {
        StreamTimes times =
                new StreamTimes(timeout, StreamTimes.STANDARD.shrinkGrace(), StreamTimes.STANDARD.reopenBundles());
        return new HeldCertificates(name, context, (actor, witness) -> {
            BrokerApi api = new BrokerApi(broker, SpireTls.withAgent(own, self, context.clock()), own, self, actor);
            return new StreamFeed(opener.apply(api, actor), null, times, context, actor, witness);
        });
    }
}
