package io.hbone.xds.file;

import io.hbone.core.IpLiteral;
import io.hbone.xds.model.Cidr;
import io.hbone.xds.model.GatewayAddress;
import io.hbone.xds.model.NetworkAddress;
import io.hbone.xds.model.PortMap;
import io.hbone.xds.model.Workload;
import java.net.InetAddress;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What entries of the file have in common. */
final class Entry {
    private Entry() {}

    static InetAddress address(String path, @Nullable Object node) {
        InetAddress address = node instanceof String text ? IpLiteral.parse(text) : null;
        if (address == null) {
            throw LocalFileException.of(path, Fields.show(node), "an IP address");
        }
        return address;
    }

    /** {@code address/length}, or an address alone for that one. */
    static Cidr cidr(String path, @Nullable Object node) {
        String text = node instanceof String string ? string : "";
        int slash = text.indexOf('/');
        InetAddress address = IpLiteral.parse(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw LocalFileException.of(
                    path, Fields.show(node), "an IP address, a slash, and the length of the prefix");
        }
        if (slash < 0) {
            return Cidr.of(address);
        }
        try {
            return Cidr.of(address, Integer.parseInt(text.substring(slash + 1)));
        } catch (NumberFormatException e) {
            throw LocalFileException.of(path, text, "an IP address, a slash, and the length of the prefix");
        } catch (IllegalArgumentException e) {
            throw new LocalFileException(path + ": " + e.getMessage());
        }
    }

    static PortMap ports(Supplier<String> path, @Nullable Object node) {
        return PortMap.of(Fields.ports(path, node));
    }

    /** {@code {destination: network/ip or namespace/hostname, hboneMtlsPort: port}}; null when it is absent. */
    static @Nullable GatewayAddress gateway(Fields entry, String name) {
        Fields fields = entry.fields(name);
        if (fields == null) {
            return null;
        }
        String text = fields.text("destination");
        int slash = text.indexOf('/');
        if (slash < 0 || slash == text.length() - 1) {
            throw fields.wrong("destination", text, "network/address or namespace/hostname");
        }
        String first = text.substring(0, slash);
        String second = text.substring(slash + 1);
        InetAddress address = IpLiteral.parse(second);
        GatewayAddress gateway = new GatewayAddress(
                address != null
                        ? new GatewayAddress.Address(new NetworkAddress(first, address))
                        : new GatewayAddress.Hostname(first, second),
                fields.number("hboneMtlsPort", Workload.HBONE_PORT, 1, 65_535));
        fields.rejectOthers();
        return gateway;
    }

    static <T> SortedMap<String, T> sorted(Map<String, T> values) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    static String orElse(String text, String otherwise) {
        return text.isEmpty() ? otherwise : text;
    }
}
