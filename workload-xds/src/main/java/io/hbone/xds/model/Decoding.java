package io.hbone.xds.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.ProtocolMessageEnum;
import io.hbone.xds.proto.workload.Port;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What workloads and services have in common. What is wrong is an {@link IllegalArgumentException}, its message for the operator. */
final class Decoding {
    private Decoding() {}

    static InetAddress address(String field, ByteString bytes) {
        try {
            return InetAddress.getByAddress(bytes.toByteArray());
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(field + ": " + bytes.size() + " bytes (expected: 4 or 16)");
        }
    }

    static PortMap ports(String field, List<Port> ports) {
        Map<Integer, Integer> map = new LinkedHashMap<>();
        for (Port port : ports) {
            map.put(port.getServicePort(), port.getTargetPort());
        }
        try {
            return PortMap.of(map);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(field + ": " + e.getMessage());
        }
    }

    static @Nullable GatewayAddress gateway(
            String field, boolean present, io.hbone.xds.proto.workload.GatewayAddress gateway, Interner interner) {
        if (!present) {
            return null;
        }
        int port = gateway.getHboneMtlsPort();
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException(
                    field + ".hbone_mtls_port: " + Integer.toUnsignedString(port) + " (expected: 0 to 65535)");
        }
        GatewayAddress.Destination destination =
                switch (gateway.getDestinationCase()) {
                    case HOSTNAME ->
                        new GatewayAddress.Hostname(
                                gateway.getHostname().getNamespace(),
                                gateway.getHostname().getHostname());
                    case ADDRESS ->
                        new GatewayAddress.Address(new NetworkAddress(
                                gateway.getAddress().getNetwork(),
                                address(field + ".address", gateway.getAddress().getAddress())));
                    case DESTINATION_NOT_SET ->
                        throw new IllegalArgumentException(
                                field + ": no destination (expected: a hostname or an address)");
                };
        return interner.intern(new GatewayAddress(destination, port == 0 ? Workload.HBONE_PORT : port));
    }

    /** A value that the protocol got after this was written: to guess what it means could send traffic astray. */
    static IllegalArgumentException unknown(String field, int value, Class<? extends ProtocolMessageEnum> type) {
        StringBuilder known = new StringBuilder();
        for (ProtocolMessageEnum constant : type.getEnumConstants()) {
            if (!((Enum<?>) constant).name().equals("UNRECOGNIZED")) {
                known.append(known.length() == 0 ? "" : ", ").append(((Enum<?>) constant).name());
            }
        }
        return new IllegalArgumentException(field + ": " + value + " (expected: one of " + known + ")");
    }
}
