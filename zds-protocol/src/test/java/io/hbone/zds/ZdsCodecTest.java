package io.hbone.zds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.zds.internal.Packet;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages against their bytes, written by hand from the field numbers. */
class ZdsCodecTest {

    private static Packet packet(byte[] payload) {
        return new Packet(payload, payload.length, List.of(), false);
    }

    private static String hex(byte[] message) {
        return HexFormat.of().formatHex(message);
    }

    @Test
    void messages_written_areTheWireFormat() {
        assertThat(hex(ZdsCodec.hello())).isEqualTo("0801");
        assertThat(hex(ZdsCodec.add(new ZdsWorkload("u", "n", "s", "a"))))
                .isEqualTo("0a0e" + "0a0175" + "1209" + "0a016e120173" + "1a0161");
        assertThat(hex(ZdsCodec.delete("u"))).isEqualTo("1203" + "120175");
        assertThat(hex(ZdsCodec.snapshotSent())).isEqualTo("1a00");
        assertThat(hex(ZdsCodec.ack(""))).isEqualTo("0a00");
        assertThat(hex(ZdsCodec.ack("no"))).isEqualTo("0a04" + "0a026e6f");
    }

    @Test
    void requests_read_areTheMessages() throws Exception {
        assertThat(ZdsCodec.readRequest(packet(HexFormat.of().parseHex("1203120175"))))
                .isEqualTo(new ZdsRequest.Delete("u"));
        assertThat(ZdsCodec.readRequest(packet(HexFormat.of().parseHex("2a030a0175"))))
                .isEqualTo(new ZdsRequest.Keep("u"));
        assertThat(ZdsCodec.readRequest(packet(HexFormat.of().parseHex("1a00"))))
                .isEqualTo(new ZdsRequest.SnapshotSent());
        assertThat(ZdsCodec.readHello(packet(HexFormat.of().parseHex("0801")))).isEqualTo(1);
        assertThat(ZdsCodec.readResponse(packet(HexFormat.of().parseHex("0a040a026e6f"))))
                .isEqualTo("no");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''           | a request of an unknown kind, fields [] (expected: add, del, keep or snapshot_sent)",
                "1200         | a workload without uid (expected: the pod's uid)",
                "2a00         | a workload without uid (expected: the pod's uid)",
                "0a00         | an AddWorkload with 0 file descriptors (expected: one)",
                "1203120175ff | a request that is not the protocol's",
                "12ff         | a request that is not the protocol's",
            })
    void badRequest_read_isRefusedWithItsReason(String hex, String reason) {
        assertThatThrownBy(() -> ZdsCodec.readRequest(packet(HexFormat.of().parseHex(hex))))
                .isInstanceOf(ZdsException.class)
                .hasMessageStartingWith(reason);
    }

    @Test
    void lostDescriptors_areSaidSo() {
        assertThatThrownBy(() -> ZdsCodec.readRequest(new Packet(ZdsCodec.snapshotSent(), 2, List.of(), true)))
                .hasMessage("file descriptors were lost on the way (look at: how many the receiver has open)");
    }

    @Test
    void longError_inAnAck_isCutToFitTheLimit() throws Exception {
        byte[] ack = ZdsCodec.ack("\u20ac".repeat(5000));
        assertThat(ack).hasSizeLessThanOrEqualTo(ZdsCodec.LIMIT);
        assertThat(ZdsCodec.readResponse(packet(ack))).endsWith("\u20ac...");
    }
}
