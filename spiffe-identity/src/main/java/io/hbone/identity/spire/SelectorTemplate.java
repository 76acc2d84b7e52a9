package io.hbone.identity.spire;

import io.hbone.core.WorkloadIdentity;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which selectors a workload has, made from what is known of it. A pattern's selectors are separated by commas, and in it stand
 * {@code {ns}} for the namespace, {@code {sa}} for the service account, {@code {uid}} for the workload's uid, {@code {td}} for the
 * trust domain and {@code {path}} for the path of the SPIFFE id.
 */
public final class SelectorTemplate {
    private static final Pattern PLACE = Pattern.compile("\\{([^}]*)\\}");
    private static final Set<String> NAMES = Set.of("ns", "sa", "uid", "td", "path");

    /** What SPIRE's Kubernetes attestor says of every pod, so that entries serve with and without a delegate. */
    public static final SelectorTemplate KUBERNETES = parse("k8s:ns:{ns},k8s:sa:{sa}");

    private final List<String> patterns;

    private SelectorTemplate(List<String> patterns) {
        this.patterns = patterns;
    }

    /** @throws IllegalArgumentException when a selector is malformed, or stands for something that is not known */
    public static SelectorTemplate parse(String text) {
        List<String> patterns =
                Arrays.stream(text.split(",", -1)).map(String::strip).toList();
        for (String pattern : patterns) {
            Selector.parse(pattern);
            Matcher places = PLACE.matcher(pattern);
            while (places.find()) {
                if (!NAMES.contains(places.group(1))) {
                    throw new IllegalArgumentException("selector: \"" + pattern + "\" (expected: no place but "
                            + NAMES.stream().sorted().collect(Collectors.joining("}, {", "{", "}")) + ")");
                }
            }
        }
        return new SelectorTemplate(patterns);
    }

    /**
     * The workload's selectors.
     *
     * @throws IllegalArgumentException when its id has no namespace or service account and the pattern needs one
     */
    public Set<Selector> selectors(WorkloadIdentity workload) {
        Set<Selector> selectors = new LinkedHashSet<>();
        for (String pattern : patterns) {
            Matcher places = PLACE.matcher(pattern);
            StringBuilder text = new StringBuilder();
            while (places.find()) {
                String value = value(places.group(1), workload);
                if (value == null) {
                    throw new IllegalArgumentException("selector \"" + pattern + "\" of " + workload.spiffeId()
                            + " (expected: an id of the form spiffe://<trust domain>/ns/<namespace>/sa/<account>)");
                }
                places.appendReplacement(text, Matcher.quoteReplacement(value));
            }
            places.appendTail(text);
            selectors.add(Selector.parse(text.toString()));
        }
        return selectors;
    }

    private static @Nullable String value(String name, WorkloadIdentity workload) {
        return switch (name) {
            case "ns" -> workload.spiffeId().namespace();
            case "sa" -> workload.spiffeId().serviceAccount();
            case "uid" -> workload.uid();
            case "td" -> workload.spiffeId().trustDomain().name();
            default -> workload.spiffeId().path();
        };
    }

    /** The pattern. */
    @Override
    public String toString() {
        return String.join(",", patterns);
    }
}
