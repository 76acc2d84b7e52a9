package io.hbone.node.config;

import org.jspecify.annotations.Nullable;

/** How many threads carry traffic (spec/ztunnel.md 14, "Worker count order"). */
final class WorkerThreads {
    private static final int MIN = 2;
    private static final int DEFAULT_PERCENT = 25;
    private static final int MAX = 4096;
    private static final String EXPECTED = "a number of threads, a share of the CPUs such as 50%, or 0 for all CPUs";

    private WorkerThreads() {}

    /** @param cores how many CPUs the process may use */
    static int count(Environment environment, int cores) {
        Double limit = cpus(environment, "ZTUNNEL_CPU_LIMIT");
        if (limit == null) {
            limit = cpus(environment, "ZTUNNEL_RESOURCE_CPU_LIMIT");
        }
        Double request = cpus(environment, "ZTUNNEL_RESOURCE_CPU_REQUEST");
        String asked = environment.text("ZTUNNEL_WORKER_THREADS");
        if (asked != null) {
            int all = limit == null ? cores : Math.max(1, (int) Math.ceil(limit));
            return explicit(asked, all);
        }
        int requested = request == null ? 0 : (int) Math.ceil(request);
        if (limit != null) {
            return Math.max(1, Math.max((int) Math.ceil(limit), requested));
        }
        int share = (cores * DEFAULT_PERCENT + 99) / 100;
        return Math.max(MIN, Math.max(share, requested));
    }

    private static int explicit(String asked, int cpus) {
        boolean percent = asked.endsWith("%");
        int number;
        try {
            number = Integer.parseInt(percent ? asked.substring(0, asked.length() - 1) : asked);
        } catch (NumberFormatException e) {
            throw ConfigException.of("ZTUNNEL_WORKER_THREADS", asked, EXPECTED);
        }
        boolean inRange = percent ? number >= 1 && number <= 100 : number >= 0 && number <= MAX;
        if (!inRange) {
            throw ConfigException.of("ZTUNNEL_WORKER_THREADS", asked, EXPECTED);
        }
        if (percent) {
            return Math.max(1, (cpus * number + 99) / 100);
        }
        return number == 0 ? cpus : number;
    }

    /** Kubernetes writes whole CPUs with the downward API's default divisor, and 1500m elsewhere. */
    private static @Nullable Double cpus(Environment environment, String name) {
        String value = environment.text(name);
        if (value == null) {
            return null;
        }
        boolean milli = value.endsWith("m");
        double cpus;
        try {
            cpus = Double.parseDouble(milli ? value.substring(0, value.length() - 1) : value);
        } catch (NumberFormatException e) {
            cpus = Double.NaN;
        }
        cpus = milli ? cpus / 1000 : cpus;
        if (!(cpus >= 0 && cpus <= MAX)) {
            throw ConfigException.of(name, value, "a number of CPUs such as 2, 1.5 or 1500m");
        }
        // Zero is how the downward API spells a limit that is not set.
        return cpus == 0 ? null : cpus;
    }
}
