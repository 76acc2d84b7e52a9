package io.hbone.node.scenario;

import io.hbone.node.traffic.Pod;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Of addresses. */
enum Family {
    IPV4,
    IPV6;

    /** The pod's address. */
    InetAddress of(Pod pod) {
        try {
            return InetAddress.getByName(this == IPV4 ? pod.v4() : pod.v6());
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
