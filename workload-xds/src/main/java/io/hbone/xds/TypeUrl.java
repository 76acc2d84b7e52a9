package io.hbone.xds;

/** The types of resources that travel over delta ADS here (spec/ztunnel.md 7.2). */
public final class TypeUrl {
    /** A workload or a service: {@code istio.workload.Address}. */
    public static final String ADDRESS = "type.googleapis.com/istio.workload.Address";

    /** A policy: {@code istio.security.Authorization}. */
    public static final String AUTHORIZATION = "type.googleapis.com/istio.security.Authorization";

    private TypeUrl() {}
}
