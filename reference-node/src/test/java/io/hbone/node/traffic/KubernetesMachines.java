package io.hbone.node.traffic;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.hbone.enrollment.testing.KubeApi;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The machines of a cluster, and namespaces. Closing it ends all that runs on them; the API server stays. */
final class KubernetesMachines implements AutoCloseable {
    private static final Path MANIFEST = Path.of("src/main/kubernetes/agent.yaml");

    private final KubeApi cluster;
    private final KubernetesClient admin;
    private final Path kubeconfig;
    private final Pods pods;
    private final List<KubernetesMachine> machines = new ArrayList<>();
    private final List<String> namespaces = new ArrayList<>();

    /**
     * Has the API server know the agents' account.
     *
     * @param label of the directory in target/traffic that keeps what programs wrote
     */
    KubernetesMachines(KubeApi cluster, String label) {
        this.cluster = cluster;
        cluster.kubectl("apply", "-f", MANIFEST.toString());
        kubeconfig = cluster.kubeconfig("kube-system", "hbone-agent");
        pods = new Pods(label);
        admin = cluster.admin();
    }

    /** A machine whose network has that address. */
    KubernetesMachine add(String name, String address) {
        KubernetesMachine machine = new KubernetesMachine(admin, kubeconfig, pods, name, address);
        machines.add(machine);
        return machine;
    }

    /** Makes a namespace with those accounts, which is there until the end at the latest. */
    void namespace(String name, String... accounts) {
        namespaces.add(name);
        cluster.kubectl("create", "namespace", name);
        for (String account : accounts) {
            cluster.kubectl("create", "serviceaccount", account, "-n", name);
        }
    }

    Pods pods() {
        return pods;
    }

    /** The API server's client that may do everything. */
    KubernetesClient admin() {
        return admin;
    }

    @Override
    public void close() {
        machines.forEach(KubernetesMachine::close);
        for (String namespace : namespaces) {
            // No kubelet would say that they have ended.
            admin.pods().inNamespace(namespace).withGracePeriod(0).delete();
            admin.namespaces().withName(namespace).delete();
        }
        pods.close();
        admin.close();
    }
}
