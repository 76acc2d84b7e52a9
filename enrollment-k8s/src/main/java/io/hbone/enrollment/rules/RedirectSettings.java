package io.hbone.enrollment.rules;

import io.hbone.xds.model.Cidr;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which traffic is led through the node, and how that is written down. Immutable. */
public final class RedirectSettings {
    private final Builder values;

    private RedirectSettings(Builder values) {
        this.values = values;
    }

    /** Cilium's set, for the families that the namespace has, with what works. */
    public static final RedirectSettings DEFAULT = builder(Convention.CILIUM).build();

    /** With that convention's defaults. */
    public static Builder builder(Convention convention) {
        return new Builder(convention);
    }

    /** The same, to be changed. */
    public Builder toBuilder() {
        return new Builder(values);
    }

    /** Whose names the chains have. */
    public Convention convention() {
        return values.convention;
    }

    /** What rules are written with; null for what fits the namespace best. */
    public @Nullable Backend backend() {
        return values.backend;
    }

    /** Which families get rules; null for IPv4, and IPv6 where the namespace has it. */
    public @Nullable Set<Family> families() {
        return values.families;
    }

    /** The {@code SO_MARK} that the node must put on what it sends. */
    public int packetMark() {
        return values.packetMark;
    }

    boolean captureInbound() {
        return values.captureInbound;
    }

    boolean captureDns() {
        return values.captureDns;
    }

    boolean exemptProbes() {
        return values.exemptProbes;
    }

    List<String> virtualInterfaces() {
        return values.virtualInterfaces;
    }

    List<Integer> excludedInboundPorts() {
        return values.excludedInboundPorts;
    }

    List<Integer> excludedOutboundPorts() {
        return values.excludedOutboundPorts;
    }

    List<Cidr> excludedOutboundNetworks() {
        return values.excludedOutboundNetworks;
    }

    int outboundPort() {
        return values.outboundPort;
    }

    int inboundPlaintextPort() {
        return values.inboundPlaintextPort;
    }

    int inboundPort() {
        return values.inboundPort;
    }

    int dnsPort() {
        return values.dnsPort;
    }

    /** Makes settings. Not for use by several threads. */
    public static final class Builder {
        private static final int HIGHEST_MARK = 0xfff;

        /** What the kernel lets an interface be called, without what iptables takes for a wildcard. */
        private static final Pattern INTERFACE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.@:-]{0,14}");

        private final Convention convention;
        private @Nullable Backend backend;
        private @Nullable Set<Family> families;
        private boolean captureInbound = true;
        private boolean captureDns;
        private boolean exemptProbes;
        private List<String> virtualInterfaces = List.of();
        private List<Integer> excludedInboundPorts = List.of();
        private List<Integer> excludedOutboundPorts = List.of();
        private List<Cidr> excludedOutboundNetworks = List.of();
        private int packetMark = 1337;
        private int outboundPort = 15001;
        private int inboundPlaintextPort = 15006;
        private int inboundPort = 15008;
        private int dnsPort = 15053;

        private Builder(Convention convention) {
            this.convention = Objects.requireNonNull(convention, "convention");
            exemptProbes = convention == Convention.ISTIO;
        }

        private Builder(Builder other) {
            convention = other.convention;
            backend = other.backend;
            families = other.families;
            captureInbound = other.captureInbound;
            captureDns = other.captureDns;
            exemptProbes = other.exemptProbes;
            virtualInterfaces = other.virtualInterfaces;
            excludedInboundPorts = other.excludedInboundPorts;
            excludedOutboundPorts = other.excludedOutboundPorts;
            excludedOutboundNetworks = other.excludedOutboundNetworks;
            packetMark = other.packetMark;
            outboundPort = other.outboundPort;
            inboundPlaintextPort = other.inboundPlaintextPort;
            inboundPort = other.inboundPort;
            dnsPort = other.dnsPort;
        }

        /**
         * @param value null (the default) for what a namespace has rules of already, else the first that is there and works, in the order
         *     of {@link Backend}
         */
        public Builder backend(@Nullable Backend value) {
            backend = value;
            return this;
        }

        /** Only these, at least one. By default IPv4, and IPv6 where an interface of the namespace may have it. */
        public Builder families(Set<Family> value) {
            if (value.isEmpty()) {
                throw new IllegalArgumentException("families: none (expected: at least one)");
            }
            families = Set.copyOf(EnumSet.copyOf(value));
            return this;
        }

        /** Whether what comes in in plaintext goes to the node; true by default. */
        public Builder captureInbound(boolean value) {
            captureInbound = value;
            return this;
        }

        /** Whether DNS goes to the node, over UDP and TCP; false by default. */
        public Builder captureDns(boolean value) {
            captureDns = value;
            return this;
        }

        /**
         * Whether health probes go past the node: those from 169.254.7.127 and fd16:9254:7127:1337:ffff:ffff:ffff:ffff, which the
         * machine's own rules must make their source. By default with {@link Convention#ISTIO}.
         */
        public Builder exemptProbes(boolean value) {
            exemptProbes = value;
            return this;
        }

        /** What comes in there is somebody's outgoing traffic, such as a virtual machine's. None by default. */
        public Builder virtualInterfaces(Collection<String> value) {
            for (String name : value) {
                if (!INTERFACE.matcher(name).matches()) {
                    throw new IllegalArgumentException("virtual interface: '" + name
                            + "' (expected: a name of 1 to 15 letters, digits, '_', '.', '@', ':' or '-')");
                }
            }
            virtualInterfaces = value.stream().distinct().toList();
            return this;
        }

        /** TCP ports of the workload that are reached past the node. None by default. */
        public Builder excludedInboundPorts(Collection<Integer> value) {
            excludedInboundPorts = ports("excluded inbound port", value);
            return this;
        }

        /** TCP ports that the workload reaches past the node. None by default. */
        public Builder excludedOutboundPorts(Collection<Integer> value) {
            excludedOutboundPorts = ports("excluded outbound port", value);
            return this;
        }

        /** What the workload reaches past the node, DNS there too. None by default. */
        public Builder excludedOutboundNetworks(Collection<Cidr> value) {
            for (Cidr network : value) {
                if (network.prefix() == 0) {
                    throw new IllegalArgumentException(
                            "excluded outbound network: " + network + " (expected: not everything)");
                }
            }
            excludedOutboundNetworks = value.stream().distinct().toList();
            return this;
        }

        /** The {@code SO_MARK} of what the node sends, 1 to 4095; 1337 by default. */
        public Builder packetMark(int value) {
            if (value < 1 || value > HIGHEST_MARK || value == Mark.HERE.value()) {
                throw new IllegalArgumentException(
                        "packet mark: " + value + " (expected: 1 to 4095, and not 273, which marks its answers)");
            }
            packetMark = value;
            return this;
        }

        /** Where the node takes what the workload sends; 15001 by default. */
        public Builder outboundPort(int value) {
            outboundPort = port("outbound port", value);
            return this;
        }

        /** Where the node takes what comes in in plaintext; 15006 by default. */
        public Builder inboundPlaintextPort(int value) {
            inboundPlaintextPort = port("inbound plaintext port", value);
            return this;
        }

        /** Where the node takes tunnels; 15008 by default. */
        public Builder inboundPort(int value) {
            inboundPort = port("inbound port", value);
            return this;
        }

        /** Where the node takes DNS; 15053 by default. */
        public Builder dnsPort(int value) {
            dnsPort = port("DNS port", value);
            return this;
        }

        public RedirectSettings build() {
            return new RedirectSettings(new Builder(this));
        }

        private static List<Integer> ports(String what, Collection<Integer> value) {
            value.forEach(each -> port(what, each));
            return value.stream().distinct().sorted().toList();
        }

        private static int port(String what, int value) {
            if (value < 1 || value > 65535) {
                throw new IllegalArgumentException(what + ": " + value + " (expected: 1 to 65535)");
            }
            return value;
        }
    }
}
