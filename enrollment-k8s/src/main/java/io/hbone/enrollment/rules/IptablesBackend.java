package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** iptables of one kind: {@code nf_tables} or {@code legacy}. Any thread. */
final class IptablesBackend {
    /** How long to wait for another program that changes rules. */
    private static final String LOCK_SECONDS = "5";

    private static final String OF_NF_TABLES = "nf_tables";

    private final Tools tools;
    private final Backend kind;
    private volatile @Nullable Boolean plainIsOurs;

    IptablesBackend(Tools tools, Backend kind) {
        this.tools = tools;
        this.kind = kind;
    }

    Backend kind() {
        return kind;
    }

    /** Whether there are programs of this kind, under their own names or under that of their kind. */
    boolean isThere(NetworkNamespace namespace) throws RedirectException {
        return tools.find(program(Family.IPV4, "-restore")) != null || isPlainOurs(namespace);
    }

    /** @return what iptables-save printed; empty when the kernel cannot have any rules */
    String save(NetworkNamespace namespace, Family family) throws RedirectException {
        Tools.Output output = tools.run(namespace, "", List.of(find(namespace, family, "-save")));
        if (output.isUnsupported()) {
            return "";
        }
        if (!output.isFine()) {
            throw output.failure(namespace);
        }
        return output.printed();
    }

    Map<Family, String> save(NetworkNamespace namespace, Iterable<Family> families) throws RedirectException {
        Map<Family, String> saved = new EnumMap<>(Family.class);
        for (Family family : families) {
            saved.put(family, save(namespace, family));
        }
        return saved;
    }

    /** @param script for iptables-restore; nothing happens when it is empty */
    void write(NetworkNamespace namespace, Family family, String script) throws RedirectException {
        if (script.isEmpty()) {
            return;
        }
        Tools.Output output = tools.run(
                namespace, script, List.of(find(namespace, family, "-restore"), "--noflush", "-w", LOCK_SECONDS));
        if (!output.isFine()) {
            throw output.failure(namespace);
        }
    }

    private String find(NetworkNamespace namespace, Family family, String what) throws RedirectException {
        String program = program(family, what);
        return tools.find(program) == null && isPlainOurs(namespace) ? plain(family, what) : program;
    }

    private String program(Family family, String what) {
        return plain(family, kind == Backend.IPTABLES_NFT ? "-nft" : "-legacy") + what;
    }

    private static String plain(Family family, String what) {
        return (family == Family.IPV4 ? "iptables" : "ip6tables") + what;
    }

    /** Some systems have one kind only, without a word about it in the name. */
    private boolean isPlainOurs(NetworkNamespace namespace) throws RedirectException {
        Boolean known = plainIsOurs;
        if (known == null) {
            String program = plain(Family.IPV4, "-restore");
            known = false;
            if (tools.find(program) != null) {
                String version =
                        tools.run(namespace, "", List.of(program, "--version")).printed();
                known = version.contains(OF_NF_TABLES) == (kind == Backend.IPTABLES_NFT);
            }
            plainIsOurs = known;
        }
        return known;
    }
}
