package io.hbone.xds.routing;

import io.hbone.xds.model.IpFamilies;
import io.hbone.xds.model.Workload;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which of several addresses is connected (spec/ztunnel.md 4.2, "IP pick"). */
final class AddressChoice {
    private AddressChoice() {}

    /**
     * @param dialled what the client dialled: it certainly reaches that family
     * @return null when there is none that may be used
     */
    static @Nullable InetAddress of(Upstream upstream, InetAddress dialled) {
        Workload workload = upstream.value();
        InetAddress asked = upstream.asked();
        if (asked != null && workload.addresses().contains(asked)) {
            return asked;
        }
        return among(workload.addresses(), upstream.families(), asked == null ? dialled : asked);
    }

    /** One of the family of {@code like} where there is one, else the first. */
    static @Nullable InetAddress among(List<InetAddress> addresses, IpFamilies families, InetAddress like) {
        InetAddress first = null;
        for (InetAddress address : addresses) {
            if (families.allow(address)) {
                if (address.getClass() == like.getClass()) {
                    return address;
                }
                first = first == null ? address : first;
            }
        }
        return first;
    }
}
