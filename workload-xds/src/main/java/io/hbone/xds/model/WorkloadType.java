package io.hbone.xds.model;

import java.util.Locale;

/** The kind of a workload's owner. */
public enum WorkloadType {
    DEPLOYMENT,
    CRONJOB,
    POD,
    JOB;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** As logs and metrics write it. */
    public String text() {
        return text;
    }
}
