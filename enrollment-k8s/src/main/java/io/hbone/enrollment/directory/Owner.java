package io.hbone.enrollment.directory;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.hbone.xds.model.WorkloadType;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a pod is one of: a Deployment rather than its ReplicaSet of the day, a CronJob rather than its Job. Only the pod is asked, by
 * the names that controllers give, as istiod does.
 *
 * @param name the pod's own when nobody owns it
 */
record Owner(String name, WorkloadType type) {
    /** A CronJob adds the minute of its time to its name. */
    private static final Pattern JOB_OF_CRON_JOB = Pattern.compile("(.+)-\\d{8,10}");

    private static final Map<String, String> HASHES =
            Map.of("pod-template-hash", "Deployment", "rollouts-pod-template-hash", "Rollout");

    static Owner of(ObjectMeta pod, Map<String, String> labels) {
        Owner owner = byReference(pod, labels);
        String said = labels.get(Names.WORKLOAD);
        return said == null ? owner : new Owner(said, owner.type());
    }

    private static Owner byReference(ObjectMeta pod, Map<String, String> labels) {
        OwnerReference controller = controller(pod);
        // Without a generated name it is a StatefulSet's, or somebody's who gave it a name.
        if (controller == null
                || pod.getGenerateName() == null
                || pod.getGenerateName().isEmpty()) {
            return new Owner(controller == null ? pod.getName() : controller.getName(), WorkloadType.POD);
        }
        String name = controller.getName();
        return switch (controller.getKind()) {
            case "ReplicaSet" -> ofReplicaSet(name, labels);
            case "ReplicationController" -> new Owner(labels.getOrDefault("deploymentconfig", name), WorkloadType.POD);
            case "Job" -> ofJob(name);
            default -> new Owner(name, WorkloadType.POD);
        };
    }

    private static @Nullable OwnerReference controller(ObjectMeta pod) {
        for (OwnerReference reference : pod.getOwnerReferences()) {
            if (Boolean.TRUE.equals(reference.getController())) {
                return reference;
            }
        }
        return null;
    }

    private static Owner ofReplicaSet(String name, Map<String, String> labels) {
        for (Map.Entry<String, String> hash : HASHES.entrySet()) {
            String value = labels.get(hash.getKey());
            if (value != null && !value.isEmpty() && name.endsWith("-" + value)) {
                String deployment = name.substring(0, name.length() - value.length() - 1);
                return new Owner(
                        deployment, hash.getValue().equals("Deployment") ? WorkloadType.DEPLOYMENT : WorkloadType.POD);
            }
        }
        return new Owner(name, WorkloadType.POD);
    }

    private static Owner ofJob(String name) {
        Matcher cron = JOB_OF_CRON_JOB.matcher(name);
        return cron.matches() ? new Owner(cron.group(1), WorkloadType.CRONJOB) : new Owner(name, WorkloadType.JOB);
    }
}
