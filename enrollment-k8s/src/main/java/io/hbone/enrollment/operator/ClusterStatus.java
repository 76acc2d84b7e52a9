package io.hbone.enrollment.operator;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceCondition;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.kubernetes.MeshLabels;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the identities of a cluster stand, as the API server tells it: no operator is asked, and none need be there.
 *
 * @param leader the operator that acts; empty for none
 * @param renewed when it last said so; null when it never did
 * @param leaseDuration for how long that counts
 * @param namespaces those in the mesh by their label, and those that could not leave it, by name
 */
public record ClusterStatus(
        String leader, @Nullable Instant renewed, Duration leaseDuration, List<Standing> namespaces) {
    /** How a namespace stands. */
    public enum State {
        /** Every service account has its entry. */
        REGISTERED,
        /** It has the label, and no operator has said anything yet. */
        PENDING,
        /** The operator says what is wrong. */
        FAILED
    }

    /**
     * One namespace.
     *
     * @param message what the operator says; empty when it said nothing
     */
    public record Standing(String namespace, State state, String message) {}

    /**
     * Asks the API server twice.
     *
     * @param leaseNamespace where operators hold their lease
     * @throws io.fabric8.kubernetes.client.KubernetesClientException when it cannot be asked
     */
    public static ClusterStatus read(KubernetesClient client, String leaseNamespace) {
        Lease lease = client.leases()
                .inNamespace(leaseNamespace)
                .withName(LeaseSettings.NAME)
                .get();
        List<Standing> namespaces = client.namespaces().list().getItems().stream()
                .map(ClusterStatus::standing)
                .flatMap(Optional::stream)
                .sorted(Comparator.comparing(Standing::namespace))
                .toList();
        if (lease == null || lease.getSpec() == null) {
            return new ClusterStatus("", null, Duration.ZERO, namespaces);
        }
        return new ClusterStatus(
                Objects.requireNonNullElse(lease.getSpec().getHolderIdentity(), ""),
                lease.getSpec().getRenewTime() == null
                        ? null
                        : lease.getSpec().getRenewTime().toInstant(),
                Duration.ofSeconds(Objects.requireNonNullElse(lease.getSpec().getLeaseDurationSeconds(), 0)),
                namespaces);
    }

    /** Whether an operator leads. */
    public boolean isLed(Instant now) {
        Instant last = renewed;
        return !leader.isEmpty() && last != null && last.plus(leaseDuration).isAfter(now);
    }

    /** Whether an operator leads and all namespaces are registered. */
    public boolean isGood(Instant now) {
        return isLed(now) && namespaces.stream().allMatch(each -> each.state() == State.REGISTERED);
    }

    private static Optional<Standing> standing(Namespace namespace) {
        String name = namespace.getMetadata().getName();
        boolean labelled = MeshLabels.isEnrolled(namespace.getMetadata().getLabels());
        NamespaceCondition said = namespace.getStatus() == null
                ? null
                : namespace.getStatus().getConditions().stream()
                        .filter(each -> NamespaceConditions.TYPE.equals(each.getType()))
                        .findFirst()
                        .orElse(null);
        if (said == null) {
            return labelled ? Optional.of(new Standing(name, State.PENDING, "")) : Optional.empty();
        }
        State state = "True".equals(said.getStatus()) ? State.REGISTERED : State.FAILED;
        return Optional.of(new Standing(name, state, Objects.requireNonNullElse(said.getMessage(), "")));
    }
}
