package io.hbone.xds.model;

import java.net.Inet4Address;
import java.net.InetAddress;

/** Which addresses of its endpoints a service may be served at. */
public enum IpFamilies {
    /** It does not say. */
    AUTOMATIC,
    IPV4_ONLY,
    IPV6_ONLY,
    DUAL;

    /** Whether {@code address} is of one of them. */
    public boolean allow(InetAddress address) {
        return switch (this) {
            case AUTOMATIC, DUAL -> true;
            case IPV4_ONLY -> address instanceof Inet4Address;
            case IPV6_ONLY -> !(address instanceof Inet4Address);
        };
    }
}
