package io.hbone.node.demo;

import io.hbone.enrollment.rules.Convention;
import io.hbone.enrollment.rules.RedirectException;
import io.hbone.enrollment.rules.RedirectSettings;
import io.hbone.enrollment.rules.Redirection;
import io.hbone.zds.NetworkNamespace;
import java.io.IOException;
import java.util.List;

/**
 * A network namespace for each pod and one for the wire, which all of them lead to and nothing leads out of. The wire forwards
 * no packet: what crosses it, crosses it by {@link WireTap}.
 */
final class PodNetwork {
    /** The rules of the pods. */
    static final RedirectSettings REDIRECT =
            RedirectSettings.builder(Convention.ISTIO).build();

    private static final String WIRE = "wire";
    private static final String PREFIX = "10.77.";
    private static final String TABLE = "100";

    /** How long to wait for another program that changes rules. */
    private static final String LOCK_SECONDS = "5";

    private final String ip;
    private final String restore;
    private final Cleanup cleanup;
    private final long owner = ProcessHandle.current().pid();

    private PodNetwork(String ip, String restore, Cleanup cleanup) {
        this.ip = ip;
        this.restore = restore;
        this.cleanup = cleanup;
    }

    /** Makes it, without the rules of the pods. */
    static PodNetwork create(Cleanup cleanup) throws IOException {
        String ip = Shell.find("ip");
        String restore = Shell.find("iptables-restore");
        if (ip == null || restore == null) {
            throw new IOException("there is no " + (ip == null ? "ip" : "iptables-restore"));
        }
        PodNetwork network = new PodNetwork(ip, restore, cleanup);
        Leftovers.removeNamespaces(ip);
        network.namespace(network.wire());
        for (Pod pod : Pod.values()) {
            network.join(pod);
        }
        network.deliverMarked(network.wire());
        network.restore(network.wire(), WireRules.WIRE);
        return network;
    }

    private void namespace(String name) throws IOException {
        cleanup.add(() -> Leftovers.removeNamespace(ip, name));
        Shell.run(ip, "netns", "add", name);
        Shell.run(ip, "-n", name, "link", "set", "lo", "up");
    }

    private void join(Pod pod) throws IOException {
        String name = name(pod);
        String gateway = PREFIX + (pod.ordinal() + 1) + ".1";
        namespace(name);
        Shell.run(
                ip, "link", "add", "eth0", "netns", name, "type", "veth", "peer", "name", pod.text(), "netns", wire());
        Shell.run(ip, "-n", wire(), "addr", "add", gateway + "/24", "dev", pod.text());
        Shell.run(ip, "-n", wire(), "link", "set", pod.text(), "up");
        Shell.run(ip, "-n", name, "addr", "add", address(pod) + "/24", "dev", "eth0");
        Shell.run(ip, "-n", name, "link", "set", "eth0", "up");
        Shell.run(ip, "-n", name, "route", "add", "default", "via", gateway);
    }

    /** From now on the pod's traffic goes to its node. The node must listen. */
    void redirect(Pod pod) throws IOException {
        try (NetworkNamespace namespace = NetworkNamespace.named(name(pod))) {
            Redirection.of(REDIRECT).install(namespace);
        } catch (RedirectException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** What is marked stays here, whomever it is addressed to. */
    private void deliverMarked(String namespace) throws IOException {
        Shell.run(ip, "-n", namespace, "rule", "add", "fwmark", WireRules.HERE, "pref", "32764", "lookup", TABLE);
        Shell.run(ip, "-n", namespace, "route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", TABLE);
    }

    private void restore(String namespace, String rules) throws IOException {
        Shell.run(rules, List.of(ip, "netns", "exec", namespace, restore, "-w", LOCK_SECONDS));
    }

    /** How to start a command in a pod. */
    List<String> inside(Pod pod) {
        return List.of(ip, "netns", "exec", name(pod));
    }

    List<String> insideWire() {
        return List.of(ip, "netns", "exec", wire());
    }

    static String address(Pod pod) {
        return PREFIX + (pod.ordinal() + 1) + ".2";
    }

    private String name(Pod pod) {
        return Leftovers.namespaceOf(owner, pod.text());
    }

    private String wire() {
        return Leftovers.namespaceOf(owner, WIRE);
    }
}
