package io.hbone.netty.proxy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two network namespaces with the rules that Istio writes into pods (spec/ztunnel.md 15), joined by a cable, both IP versions.
 * Needs root, ip, iptables and ip6tables. Named after this process, and gone when it is closed.
 */
final class Pods implements AutoCloseable {

    static final String CLIENT_V4 = "10.232.0.1";
    static final String SERVER_V4 = "10.232.0.2";
    static final String CLIENT_V6 = "fd00:232::1";
    static final String SERVER_V6 = "fd00:232::2";

    /** What tells the node's packets from applications'. */
    static final int MARK = 0x539;

    final String client = "hbone-c" + ProcessHandle.current().pid();
    final String server = "hbone-s" + ProcessHandle.current().pid();

    Pods() {
        try {
            make(client, CLIENT_V4, CLIENT_V6);
            make(server, SERVER_V4, SERVER_V6);
            run("ip link add pod0 netns " + client + " type veth peer name pod0 netns " + server);
            up(client, CLIENT_V4, CLIENT_V6);
            up(server, SERVER_V4, SERVER_V6);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static void make(String pod, String v4, String v6) {
        run("ip netns add " + pod);
        run("ip -n " + pod + " link set lo up");
    }

    private static void up(String pod, String v4, String v6) {
        run("ip -n " + pod + " addr add " + v4 + "/24 dev pod0");
        run("ip -n " + pod + " addr add " + v6 + "/64 dev pod0 nodad");
        run("ip -n " + pod + " link set pod0 up");
        rules(pod, "iptables", "ip", "127.0.0.1/32", "0.0.0.0/0");
        rules(pod, "ip6tables", "ip -6", "::1/128", "::/0");
    }

    private static void rules(String pod, String iptables, String ip, String loopback, String all) {
        String in = "ip netns exec " + pod + " ";
        String rule = in + iptables + " -w ";
        run(in + ip + " rule add fwmark 0x111/0xfff pref 32764 lookup 100");
        run(in + ip + " route replace local " + all + " dev lo table 100");
        run(rule + "-t mangle -A PREROUTING -m mark --mark 0x539/0xfff -j CONNMARK --set-xmark 0x111/0xfff");
        run(rule + "-t mangle -A OUTPUT -m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff"
                + " --ctmask 0xffffffff");
        run(rule + "-t nat -A PREROUTING ! -d " + loopback
                + " -p tcp ! --dport 15008 -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15006");
        run(rule + "-t nat -A OUTPUT -p tcp -m mark --mark 0x111/0xfff -j ACCEPT");
        run(rule + "-t nat -A OUTPUT ! -d " + loopback + " -o lo -j ACCEPT");
        run(rule + "-t nat -A OUTPUT ! -d " + loopback
                + " -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT --to-ports 15001");
    }

    @Override
    public void close() {
        for (String pod : List.of(client, server)) {
            try {
                run("ip netns del " + pod);
            } catch (IllegalStateException e) {
                // was never made
            }
        }
    }

    private static void run(String command) {
        try {
            Process process = new ProcessBuilder(command.split(" "))
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(command + ": " + said.strip());
            }
        } catch (IOException e) {
            throw new IllegalStateException(command + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
