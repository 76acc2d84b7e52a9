package io.hbone.zds;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hbone.zds.internal.Descriptor;
import io.hbone.zds.internal.Packet;
import io.hbone.zds.proto.Ack;
import io.hbone.zds.proto.AddWorkload;
import io.hbone.zds.proto.DelWorkload;
import io.hbone.zds.proto.SnapshotSent;
import io.hbone.zds.proto.Version;
import io.hbone.zds.proto.WorkloadInfo;
import io.hbone.zds.proto.WorkloadRequest;
import io.hbone.zds.proto.WorkloadResponse;
import io.hbone.zds.proto.ZdsHello;
import java.io.IOException;
import java.util.List;

/** Messages to packets and back (spec/ztunnel.md 8.2). Every packet is closed, whatever becomes of it. */
final class ZdsCodec {
    /** The buffer that the stock programs receive into (spec/ztunnel.md 8.1): a larger message would be lost on them. */
    static final int LIMIT = 1024;

    /** Of an error's text, in characters of at most three bytes: with its tags it stays within the limit. */
    private static final int MAX_ERROR = 320;

    private ZdsCodec() {}

    static byte[] hello() {
        return ZdsHello.newBuilder().setVersion(Version.V1).build().toByteArray();
    }

    /** @return the version that the node speaks, as it says */
    static int readHello(Packet packet) throws ZdsException {
        try (packet) {
            requireWhole(packet);
            requireDescriptors(packet, 0, "a hello");
            return ZdsHello.parseFrom(packet.payload()).getVersionValue();
        } catch (InvalidProtocolBufferException e) {
            throw malformed("a hello", e);
        }
    }

    static byte[] add(ZdsWorkload workload) {
        WorkloadInfo info = WorkloadInfo.newBuilder()
                .setName(workload.name())
                .setNamespace(workload.namespace())
                .setServiceAccount(workload.serviceAccount())
                .build();
        return WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder().setUid(workload.uid()).setWorkloadInfo(info))
                .build()
                .toByteArray();
    }

    static byte[] delete(String uid) {
        return WorkloadRequest.newBuilder()
                .setDel(DelWorkload.newBuilder().setUid(uid))
                .build()
                .toByteArray();
    }

    static byte[] snapshotSent() {
        return WorkloadRequest.newBuilder()
                .setSnapshotSent(SnapshotSent.getDefaultInstance())
                .build()
                .toByteArray();
    }

    static ZdsRequest readRequest(Packet packet) throws ZdsException {
        try (packet) {
            requireWhole(packet);
            WorkloadRequest request = WorkloadRequest.parseFrom(packet.payload());
            return switch (request.getPayloadCase()) {
                case ADD -> readAdd(request.getAdd(), packet);
                case DEL -> {
                    requireDescriptors(packet, 0, "a DelWorkload");
                    yield new ZdsRequest.Delete(uid(request.getDel().getUid()));
                }
                case KEEP -> {
                    requireDescriptors(packet, 0, "a KeepWorkload");
                    yield new ZdsRequest.Keep(uid(request.getKeep().getUid()));
                }
                case SNAPSHOT_SENT -> {
                    requireDescriptors(packet, 0, "a SnapshotSent");
                    yield new ZdsRequest.SnapshotSent();
                }
                case PAYLOAD_NOT_SET ->
                    throw new ZdsException("a request of an unknown kind, fields "
                            + request.getUnknownFields().asMap().keySet()
                            + " (expected: add, del, keep or snapshot_sent)");
            };
        } catch (InvalidProtocolBufferException e) {
            throw malformed("a request", e);
        }
    }

    private static ZdsRequest readAdd(AddWorkload add, Packet packet) throws ZdsException {
        requireDescriptors(packet, 1, "an AddWorkload");
        if (!add.hasWorkloadInfo()) {
            throw new ZdsException("an AddWorkload of " + add.getUid() + " without workload_info (expected: one)");
        }
        WorkloadInfo info = add.getWorkloadInfo();
        ZdsWorkload workload =
                new ZdsWorkload(uid(add.getUid()), info.getName(), info.getNamespace(), info.getServiceAccount());
        List<Descriptor> descriptors = packet.descriptors();
        try {
            return new ZdsRequest.Add(
                    workload, NetworkNamespace.of(descriptors.get(0).duplicate()));
        } catch (IOException e) {
            throw new ZdsException("the file descriptor of " + workload + ": " + e.getMessage());
        }
    }

    private static String uid(String uid) throws ZdsException {
        if (uid.isEmpty()) {
            throw new ZdsException("a workload without uid (expected: the pod's uid)");
        }
        return uid;
    }

    /** @param error empty for success; a long one is cut */
    static byte[] ack(String error) {
        String cut = error.length() <= MAX_ERROR ? error : error.substring(0, MAX_ERROR - 3) + "...";
        return WorkloadResponse.newBuilder()
                .setAck(Ack.newBuilder().setError(cut))
                .build()
                .toByteArray();
    }

    /** @return the error; empty for success */
    static String readResponse(Packet packet) throws ZdsException {
        try (packet) {
            requireWhole(packet);
            requireDescriptors(packet, 0, "a response");
            WorkloadResponse response = WorkloadResponse.parseFrom(packet.payload());
            if (!response.hasAck()) {
                throw new ZdsException("a response of an unknown kind (expected: ack)");
            }
            return response.getAck().getError();
        } catch (InvalidProtocolBufferException e) {
            throw malformed("a response", e);
        }
    }

    private static void requireWhole(Packet packet) throws ZdsException {
        if (packet.isCutOff()) {
            throw new ZdsException("a message of " + packet.size() + " bytes (expected: at most " + LIMIT + ')');
        }
        if (packet.descriptorsLost()) {
            throw new ZdsException("file descriptors were lost on the way (look at: how many the receiver has open)");
        }
    }

    private static void requireDescriptors(Packet packet, int expected, String what) throws ZdsException {
        int here = packet.descriptors().size();
        if (here != expected) {
            throw new ZdsException(
                    what + " with " + here + " file descriptors (expected: " + (expected == 0 ? "none" : "one") + ')');
        }
    }

    private static ZdsException malformed(String what, InvalidProtocolBufferException e) {
        return new ZdsException(what + " that is not the protocol's: " + e.getMessage());
    }
}
