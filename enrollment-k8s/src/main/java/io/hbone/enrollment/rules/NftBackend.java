package io.hbone.enrollment.rules;

import io.hbone.zds.NetworkNamespace;
import java.util.ArrayList;
import java.util.List;

/** nft, which has its own tables beside iptables'. Any thread. */
final class NftBackend {
    private static final String NFT = "nft";
    private static final String NOTHING = "{\"nftables\": []}";

    private final Tools tools;

    NftBackend(Tools tools) {
        this.tools = tools;
    }

    boolean isThere() {
        return tools.find(NFT) != null;
    }

    /** The tables of the namespace, those that iptables-nft has among them. */
    String tables(NetworkNamespace namespace) throws RedirectException {
        return printed(list(namespace, "tables"), namespace);
    }

    /** All rules of our tables' family. */
    String rules(NetworkNamespace namespace) throws RedirectException {
        return printed(list(namespace, "ruleset", NftState.FAMILY), namespace);
    }

    /** One of our tables; nothing where there is none. */
    String table(NetworkNamespace namespace, String name) throws RedirectException {
        Tools.Output output = list(namespace, "table", NftState.FAMILY, name);
        boolean absent = !output.isFine() && output.errors().contains("No such file or directory");
        return absent ? NOTHING : printed(output, namespace);
    }

    private Tools.Output list(NetworkNamespace namespace, String... what) throws RedirectException {
        List<String> command = new ArrayList<>(List.of(NFT, "-j", "list"));
        command.addAll(List.of(what));
        return tools.run(namespace, "", command);
    }

    private static String printed(Tools.Output output, NetworkNamespace namespace) throws RedirectException {
        if (output.isUnsupported()) {
            return NOTHING;
        }
        if (!output.isFine()) {
            throw output.failure(namespace);
        }
        return output.printed();
    }

    /** @param script one transaction; nothing happens when it is empty */
    void write(NetworkNamespace namespace, String script) throws RedirectException {
        if (script.isEmpty()) {
            return;
        }
        Tools.Output output = tools.run(namespace, script, List.of(NFT, "-f", "-"));
        if (!output.isFine()) {
            throw output.failure(namespace);
        }
    }
}
