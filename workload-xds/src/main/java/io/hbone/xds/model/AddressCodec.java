package io.hbone.xds.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.hbone.core.TrustDomain;
import io.hbone.xds.proto.workload.Address;

/**
 * Workloads and services from and to {@code istio.workload.Address} (spec/ztunnel.md 7.5). Decoding is strict about what decides
 * where a connection goes and who must answer it, and lenient about what is not used here. Not thread-safe.
 */
public final class AddressCodec {
    /** Of workloads that name none. */
    public static final TrustDomain DEFAULT_TRUST_DOMAIN = TrustDomain.of("cluster.local");

    private final WorkloadDecoder workloads;
    private final ServiceDecoder services;

    public AddressCodec() {
        this(DEFAULT_TRUST_DOMAIN);
    }

    /** @param trustDomain of workloads that name none */
    public AddressCodec(TrustDomain trustDomain) {
        Interner interner = new Interner();
        workloads = new WorkloadDecoder(trustDomain, interner);
        services = new ServiceDecoder(interner);
    }

    /** Either of the two. */
    public sealed interface Decoded {
        /** What the resource is called: a workload's uid, or a service's {@code namespace/hostname}. */
        String key();
    }

    /** A workload. */
    public record DecodedWorkload(Workload value) implements Decoded {
        @Override
        public String key() {
            return value.uid();
        }
    }

    /** A service. */
    public record DecodedService(Service value) implements Decoded {
        @Override
        public String key() {
            return value.key();
        }
    }

    /** @throws MalformedResourceException saying what was wrong and what was expected */
    public Decoded decode(ByteString body) throws MalformedResourceException {
        Address address;
        try {
            address = Address.parseFrom(body);
        } catch (InvalidProtocolBufferException e) {
            throw new MalformedResourceException("not an istio.workload.Address: " + e.getMessage());
        }
        return decode(address);
    }

    /** @throws MalformedResourceException saying what was wrong and what was expected */
    public Decoded decode(Address address) throws MalformedResourceException {
        try {
            return switch (address.getTypeCase()) {
                case WORKLOAD -> new DecodedWorkload(workloads.decode(address.getWorkload()));
                case SERVICE -> new DecodedService(services.decode(address.getService()));
                case TYPE_NOT_SET ->
                    throw new MalformedResourceException("neither a workload nor a service (expected: one of them)");
            };
        } catch (IllegalArgumentException e) {
            throw new MalformedResourceException(String.valueOf(e.getMessage()));
        }
    }

    /** The encoded message; decoding it gives an equal value. */
    public static ByteString encode(Workload workload) {
        return Address.newBuilder()
                .setWorkload(Encoder.workload(workload))
                .build()
                .toByteString();
    }

    /** The encoded message; decoding it gives an equal value. */
    public static ByteString encode(Service service) {
        return Address.newBuilder().setService(Encoder.service(service)).build().toByteString();
    }
}
