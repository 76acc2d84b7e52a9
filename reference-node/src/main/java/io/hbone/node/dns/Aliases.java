package io.hbone.node.dns;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a name may mean to whoever asks (spec/ztunnel.md 12, "Aliases"). Resolvers of applications append their search domains and
 * ask for each in turn; who strips them again answers the first of those questions.
 */
final class Aliases {
    private static final String SERVICES = "svc";

    private Aliases() {}

    /**
     * One meaning.
     *
     * @param stripped what was left of the name without a search domain, when that led here; else null
     */
    record Alias(String name, @Nullable String stripped) {}

    /**
     * In the order in which they count.
     *
     * @param name in lower case, without a dot at its end
     * @param namespace of whoever asks
     * @param domain of the cluster
     * @param search what the asker's resolver appends
     */
    static List<Alias> of(String name, String namespace, String domain, List<String> search) {
        List<Alias> all = new ArrayList<>();
        add(all, name, null, namespace, domain);
        for (String suffix : search) {
            int end = name.length() - suffix.length() - 1;
            if (end > 0 && name.endsWith(suffix) && name.charAt(end) == '.') {
                String stripped = name.substring(0, end);
                add(all, stripped, stripped, namespace, domain);
            }
        }
        return all;
    }

    private static void add(List<Alias> all, String name, @Nullable String stripped, String namespace, String domain) {
        all.add(new Alias(name, stripped));
        for (String expanded : expansions(name, namespace, domain)) {
            all.add(new Alias(expanded, stripped));
        }
    }

    /** What Kubernetes lets a service be called by. */
    private static List<String> expansions(String name, String namespace, String domain) {
        String services = '.' + SERVICES + '.' + domain;
        boolean named = name.endsWith('.' + SERVICES);
        return switch ((int) name.chars().filter(c -> c == '.').count()) {
            case 0 -> List.of(name + '.' + namespace + services);
            case 1 -> List.of(name + services, name + '.' + namespace + services);
            case 2 -> named ? List.of(name + '.' + domain, name + services) : List.of(name + services);
            case 3 -> named ? List.of(name + '.' + domain) : List.of();
            default -> List.of();
        };
    }
}
